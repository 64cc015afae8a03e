/* The SQL of a stream, and the cursors that resume it. */
#pragma once
#include "columns.h"

/* The name of the only stream while the setting "query" is used. */
#define QUERY_STREAM "query"

/* SQL for a stream, in `sql`; from a cursor, or from the start where cursor_json is NULL. CH_OK, or a status with set_error called. */
int32_t query_build(const settings *settings, const ch_call *call, const char *stream, const char *cursor_json, text_buffer *sql);

/* Where reading stands. index: the cursor column's, or -1 without one. */
typedef struct position { int64_t index; char type; text_buffer value; } position;

/* Finds the cursor column; takes over the value of the cursor that the reading began from. */
int32_t position_begin(position *position, const settings *settings, const ch_call *call, const columns *columns, const char *cursor_json);
/* After rows went out: the value that covers them. next: one row of the driver's batch from `next_row` on, or NULL at the end of all rows. is_known
 * 0: what follows is not known. */
int32_t position_advance(position *position, const ch_call *call, const columns *columns, const struct ArrowArray *rows,
    const struct ArrowArray *next,
                         int64_t next_row, int is_known);
int32_t position_put(const position *position, const settings *settings, ch_sink out);
void position_free(position *position);

/* Columns of a driver, of many Arrow types, turned into the four that hosts take: u, l, g and b. */
#pragma once
#include "settings.h"

typedef enum {
  FROM_INT8, FROM_UINT8, FROM_INT16, FROM_UINT16, FROM_INT32, FROM_UINT32, FROM_INT64, FROM_UINT64, FROM_HALF, FROM_FLOAT, FROM_DOUBLE, FROM_BOOL,
  FROM_TEXT, FROM_LARGE_TEXT, FROM_TEXT_VIEW, FROM_DATE_DAYS, FROM_DATE_MILLISECONDS, FROM_TIME, FROM_TIMESTAMP, FROM_DECIMAL, FROM_UUID, FROM_NULL,
} column_source;

typedef struct column {
  char *name;
  column_source from;
  char to;            /* u, l, g or b */
  int digits;         /* of a fraction of a second: 0, 3, 6 or 9 */
  int width;          /* bytes of a value, 0 where there is no fixed width */
  int scale;          /* of a decimal */
  int has_zone;       /* a timestamp in UTC */
  int is_nullable;
} column;

typedef struct columns { int64_t count; column *items; } columns;

/* CH_OK, or a status with set_error that names the column and its type; columns_free follows in both cases. */
int32_t columns_read(columns *columns, const ch_call *call, const struct ArrowSchema *schema);
void columns_free(columns *columns);
/* What the host sees; 0 or ENOMEM. */
int columns_make_schema(const columns *columns, struct ArrowSchema *out);

/* How many of `count` rows from `start` fit in a batch of about `bytes` bytes of text; at least 1 if count is. */
int64_t columns_rows_that_fit(const columns *columns, const struct ArrowArray *batch, int64_t start, int64_t count, int64_t bytes);
/* A fresh batch of rows of the driver's, which stays as it is. CH_OK, or a status with set_error and out->release NULL. */
int32_t columns_convert(const columns *columns, const ch_call *call, const struct ArrowArray *batch, int64_t start, int64_t count,
    struct ArrowArray *out);

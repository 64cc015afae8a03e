#include "reader.h"
#include "query.h"
#include "session.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_ROWS = 10000, MOST_ROWS = 100000, TEXT_BYTES = 8 << 20 };

struct ch_reader {
  const ch_call *call;          /* the call of open, valid until close */
  session session;
  struct ArrowArrayStream rows; /* the driver's */
  struct ArrowArray batch;      /* the driver's, of which rows before `row` have gone out */
  int64_t row, batch_rows, rows_read;
  columns columns;
  position position;
  int is_at_end, failed;        /* failed: the errno of a batch that was asked for ahead of time */
  int32_t status;               /* behind the last errno that get_next returned */
  atomic_int is_cancelled;
};

static int is_cancelled(ch_reader *reader) { return atomic_load(&reader->is_cancelled) || reader->call->is_cancelled(reader->call); }

/* ---------------------------------------------------------------- stream */

/* Makes sure that the driver's batch has a row to give, unless it is at its end. 0 or an errno. */
static int fetch(ch_reader *reader) {
  while (!reader->is_at_end && !reader->failed && (!reader->batch.release || reader->row >= reader->batch.length)) {
    if (reader->batch.release) reader->batch.release(&reader->batch);
    memset(&reader->batch, 0, sizeof reader->batch);
    reader->row = 0;
    reader->failed = reader->rows.get_next(&reader->rows, &reader->batch);
    reader->is_at_end = !reader->failed && !reader->batch.release;
  }
  return reader->failed;
}

/* The errno for get_next after a status whose sentence is set. */
static int errno_of(ch_reader *reader, int32_t status) {
  reader->status = status;
  return status == CH_E_CANCELLED ? ECANCELED : EIO;
}

static int cancelled(ch_reader *reader) {
  return errno_of(reader, fail(reader->call, NULL, CH_E_CANCELLED, "Reading was cancelled.", NULL, NULL));
}

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  ch_reader *reader = stream->private_data;
  return columns_make_schema(&reader->columns, out);
}

static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  ch_reader *reader = stream->private_data;
  memset(out, 0, sizeof *out); /* without release: the end */
  if (is_cancelled(reader)) return cancelled(reader);
  int failed = fetch(reader);
  if (is_cancelled(reader)) return cancelled(reader);
  if (failed) return errno_of(reader, session_fail_stream(&reader->session, reader->call, &reader->rows, failed, "Reading failed: "));
  if (reader->is_at_end) return 0;
  if (reader->batch.n_children != reader->columns.count)
    return errno_of(reader, fail(reader->call, NULL, CH_E_INTERNAL, "The ADBC driver gave a batch with other columns than its schema has.", NULL,
        NULL));
  int64_t count = reader->batch.length - reader->row;
  if (count > reader->batch_rows) count = reader->batch_rows;
  count = columns_rows_that_fit(&reader->columns, &reader->batch, reader->row, count, TEXT_BYTES);
  int32_t status = columns_convert(&reader->columns, reader->call, &reader->batch, reader->row, count, out);
  if (status != CH_OK) return errno_of(reader, status);
  reader->row += count;
  /* With a cursor, one batch is asked for ahead: only the next row tells whether a value is complete. */
  int is_known = reader->position.index < 0 || fetch(reader) == 0;
  const struct ArrowArray *next = is_known && !reader->is_at_end ? &reader->batch : NULL;
  status = position_advance(&reader->position, reader->call, &reader->columns, out, next, reader->row, is_known);
  if (status != CH_OK) {
    out->release(out);
    return errno_of(reader, status);
  }
  reader->rows_read += count;
  reader->call->progress(reader->call, "rows", reader->rows_read, -1, NULL);
  return 0;
}

static const char *stream_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "Reading from the ADBC driver failed.";
}

static void stream_release(struct ArrowArrayStream *stream) {
  ch_reader *reader = stream->private_data;
  if (reader->batch.release) reader->batch.release(&reader->batch);
  if (reader->rows.release) reader->rows.release(&reader->rows);
  stream->release = NULL;
}

/* ---------------------------------------------------------------- reader */

static int64_t rows_wanted(const json *request) {
  const json *hint = json_member(request, "batch_rows");
  long rows = hint && hint->type == JSON_NUMBER ? strtol(hint->text, NULL, 10) : 0;
  return rows < 1 ? USUAL_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
}

static int32_t begin(ch_reader *reader, const char *config_json, const json *request, const char *cursor_json) {
  const ch_call *call = reader->call;
  const char *stream = json_text(request, "stream");
  int32_t status = session_open(&reader->session, call, config_json);
  if (status != CH_OK) return status;
  reader->batch_rows = rows_wanted(request);
  text_buffer sql = { 0 };
  status = query_build(&reader->session.settings, call, stream ? stream : "", cursor_json, &sql);
  if (status == CH_OK) status = session_execute(&reader->session, call, sql.bytes, &reader->rows);
  text_free(&sql);
  if (status != CH_OK) return status;
  struct ArrowSchema schema = { 0 };
  int failed = reader->rows.get_schema(&reader->rows, &schema);
  if (failed) return session_fail_stream(&reader->session, call, &reader->rows, failed, "The columns could not be read: ");
  status = columns_read(&reader->columns, call, &schema);
  if (schema.release) schema.release(&schema);
  if (status != CH_OK) return status;
  return position_begin(&reader->position, &reader->session.settings, call, &reader->columns, cursor_json);
}

int32_t reader_open(const ch_call *call, const char *config_json, const char *request_json, const char *cursor_json, ch_reader **out_reader,
                    struct ArrowArrayStream *out_stream) {
  ch_reader *reader = calloc(1, sizeof *reader);
  json *request = json_parse(request_json);
  if (!reader || !request) {
    free(reader);
    json_free(request);
    return fail(call, NULL, CH_E_CONFIG, "The request is not JSON, or there is no memory left.", NULL, NULL);
  }
  reader->call = call;
  reader->position.index = -1;
  int32_t status = begin(reader, config_json, request, cursor_json);
  json_free(request);
  if (status != CH_OK) {
    if (reader->rows.release) reader->rows.release(&reader->rows);
    reader_close(reader);
    return status;
  }
  *out_stream = (struct ArrowArrayStream){ .get_schema = stream_get_schema, .get_next = stream_get_next, .get_last_error = stream_last_error,
                                           .release = stream_release, .private_data = reader };
  *out_reader = reader;
  return CH_OK;
}

int32_t reader_cursor(ch_reader *reader, const ch_call *call, ch_sink out) {
  (void)call;
  return position_put(&reader->position, &reader->session.settings, out);
}

int32_t reader_last_error(ch_reader *reader, const ch_call *call) {
  int32_t status = reader->status ? reader->status : CH_E_INTERNAL;
  return fail(call, NULL, status, "Reading from the ADBC driver failed.", NULL, NULL);
}

void reader_cancel(ch_reader *reader) {
  atomic_store(&reader->is_cancelled, 1);
  session_cancel(&reader->session);
}

void reader_close(ch_reader *reader) {
  session_close(&reader->session);
  columns_free(&reader->columns);
  position_free(&reader->position);
  free(reader);
}

/* {{title}}: a source, which gives rows. As it stands it counts: one stream "numbers", with as many rows as its setting says.
 *
 * Begin here:
 *  1. `descriptor` and `settings_schema` at the end: who you are and what you need to know.
 *  2. `columns` and `make_column`: what a row is made of, and its values in Arrow's layout.
 *  3. `source_discover`: your streams; `source_open` and `stream_get_next`: fetch the rows, a batch at a time.
 *  4. `source_cursor`: what to remember, so that the next reading goes on after the rows handed out so far.
 * Several columns more, or other types? https://arrow.apache.org/nanoarrow/ fills the same structs. */
#define _POSIX_C_SOURCE 200809L
#include <connecthost_plugin.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "settings.h"

enum { ROWS_PER_BATCH = 4096, DEFAULT_ROWS = 10000, TEXT_BYTES = 32 };

/* Arrow's names of the types: l is a whole number, u is text, g a double, b a boolean. Hosts take these four. */
enum { NUMBER, LABEL, COLUMNS };
static const struct { const char *name, *format; } columns[COLUMNS] = { [NUMBER] = { "number", "l" }, [LABEL] = { "label", "u" } };

/* One reading. It keeps the call that opened it, which is the one to log and to report progress with until `close`. */
struct ch_reader {
  const ch_call *call;
  int64_t next, end;       /* rows next to end - 1 are still to come */
  int32_t failure;         /* why stream_get_next failed */
  atomic_int is_cancelled; /* set by another thread */
};

/* Says what went wrong to the person who reads the run's log. Never a password. */
static int32_t fail(const ch_call *call, int32_t status, const char *message) {
  call->set_error(call, status, message, NULL, 0);
  return status;
}

/* ---------------------------------------------------------------- rows in Arrow's layout
 * Every Arrow struct owns itself: whoever holds it calls its `release` once, which frees it and sets itself to NULL. */

static void release_column_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static void release_schema(struct ArrowSchema *schema) {
  for (int64_t i = 0; i < schema->n_children; i++)
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
  free(schema->private_data);
  schema->release = NULL;
}

static int make_schema(struct ArrowSchema *out) {
  struct block { struct ArrowSchema *pointers[COLUMNS]; struct ArrowSchema children[COLUMNS]; } *block = calloc(1, sizeof *block);
  if (!block) return ENOMEM;
  for (int i = 0; i < COLUMNS; i++) {
    block->pointers[i] = &block->children[i];
    block->children[i] = (struct ArrowSchema){ .format = columns[i].format, .name = columns[i].name, .release = release_column_schema };
  }
  *out = (struct ArrowSchema){
    .format = "+s", .name = "", .n_children = COLUMNS, .children = block->pointers, .release = release_schema, .private_data = block };
  return 0;
}

/* One column of one batch. buffers: which rows are not null (NULL: all), then the values, or offsets and bytes of text. */
struct column { const void *buffers[3]; int32_t offsets[ROWS_PER_BATCH + 1]; int64_t values[ROWS_PER_BATCH]; char text[ROWS_PER_BATCH * TEXT_BYTES]; };

static void release_column(struct ArrowArray *array) {
  free(array->private_data);
  array->release = NULL;
}

static int make_column(struct ArrowArray *out, int which, int64_t first, int count) {
  struct column *column = calloc(1, sizeof *column);
  if (!column) return ENOMEM;
  for (int i = 0; i < count; i++) {
    int used = column->offsets[i];
    column->values[i] = first + i;
    column->offsets[i + 1] = used + snprintf(column->text + used, TEXT_BYTES, "row %lld", (long long)(first + i));
  }
  column->buffers[1] = which == LABEL ? (const void *)column->offsets : (const void *)column->values;
  column->buffers[2] = column->text;
  *out = (struct ArrowArray){
    .length = count, .n_buffers = which == LABEL ? 3 : 2, .buffers = column->buffers, .release = release_column, .private_data = column };
  return 0;
}

/* The children lie in the batch's own block; a host may take one out and release it later by itself. */
struct batch { const void *no_nulls[1]; struct ArrowArray *pointers[COLUMNS]; struct ArrowArray children[COLUMNS]; };

static void release_batch(struct ArrowArray *array) {
  for (int64_t i = 0; i < array->n_children; i++)
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
  free(array->private_data);
  array->release = NULL;
}

static int make_batch(struct ArrowArray *out, int64_t first, int count) {
  struct batch *batch = calloc(1, sizeof *batch);
  if (!batch) return ENOMEM;
  *out = (struct ArrowArray){ .length = count, .n_buffers = 1, .buffers = batch->no_nulls, .n_children = COLUMNS,
                              .children = batch->pointers, .release = release_batch, .private_data = batch };
  for (int i = 0; i < COLUMNS; i++) batch->pointers[i] = &batch->children[i];
  for (int i = 0; i < COLUMNS; i++) {
    if (make_column(&batch->children[i], i, first, count) == 0) continue;
    release_batch(out);
    return ENOMEM;
  }
  return 0;
}

/* ---------------------------------------------------------------- one reading */

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  (void)stream;
  return make_schema(out);
}

/* The next batch: about 10,000 rows or 8 MB are best. An errno for a failure; `source_last_error` says why in words. */
static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  ch_reader *reader = stream->private_data;
  memset(out, 0, sizeof *out); /* without release: the end */
  if (atomic_load(&reader->is_cancelled) || reader->call->is_cancelled(reader->call)) {
    reader->failure = CH_E_CANCELLED;
    return ECANCELED;
  }
  int64_t left = reader->end - reader->next;
  if (left <= 0) return 0;
  int count = left < ROWS_PER_BATCH ? (int)left : ROWS_PER_BATCH;
  if (make_batch(out, reader->next, count) != 0) {
    reader->failure = CH_E_TRANSIENT;
    return ENOMEM;
  }
  reader->next += count;
  reader->call->progress(reader->call, "rows", reader->next - 1, reader->end - 1, NULL);
  return 0;
}

static const char *stream_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "The rows could not be read.";
}

/* The reader outlives its stream, and batches outlive both. */
static void stream_release(struct ArrowArrayStream *stream) { stream->release = NULL; }

/* ---------------------------------------------------------------- the source */

static int64_t row_count(const char *settings) {
  int64_t count = DEFAULT_ROWS;
  settings_integer(settings, "rows", &count);
  return count < 0 ? 0 : count;
}

static int32_t source_discover(const ch_call *call, const char *settings, ch_sink out) {
  (void)call;
  char streams[256];
  int length = snprintf(streams, sizeof streams,
    "{\"streams\":[{\"name\":\"numbers\",\"title\":\"Numbers\",\"primary_key\":[\"number\"],\"cursor_field\":\"number\","
    "\"modes\":[\"full\",\"incremental\"],\"estimate_rows\":%lld}]}", (long long)row_count(settings));
  return out.put(out.ctx, streams, (size_t)length);
}

static int32_t no_such_stream(const ch_call *call) { return fail(call, CH_E_NOT_FOUND, "There is no such stream; there is: numbers."); }

static int32_t source_schema(const ch_call *call, const char *settings, const char *stream, struct ArrowSchema *out) {
  (void)settings;
  if (strcmp(stream, "numbers") != 0) return no_such_stream(call);
  return make_schema(out) == 0 ? CH_OK : fail(call, CH_E_TRANSIENT, "There is no memory left.");
}

/* A cursor is your own text, which comes back as it was; one that is not yours makes the host read everything again. */
static int read_cursor(const char *cursor, int64_t *number) {
  return settings_integer(cursor, "number", number) && *number >= 0;
}

static int32_t source_open(const ch_call *call, const char *settings, const char *request, const char *cursor, ch_reader **out_reader,
                           struct ArrowArrayStream *out_stream) {
  char stream[64];
  int64_t last = 0;
  if (!settings_text(request, "stream", stream, sizeof stream) || strcmp(stream, "numbers") != 0) return no_such_stream(call);
  if (cursor && (!read_cursor(cursor, &last) || last > row_count(settings)))
    return fail(call, CH_E_CURSOR, "The place to go on from is none of these numbers; read them all again.");
  ch_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return fail(call, CH_E_TRANSIENT, "There is no memory left.");
  reader->call = call;
  reader->next = last + 1;
  reader->end = row_count(settings) + 1;
  *out_stream = (struct ArrowArrayStream){ .get_schema = stream_get_schema, .get_next = stream_get_next,
                                           .get_last_error = stream_last_error, .release = stream_release, .private_data = reader };
  *out_reader = reader;
  return CH_OK;
}

/* Covers exactly the rows that stream_get_next has returned. */
static int32_t source_cursor(ch_reader *reader, const ch_call *call, ch_sink out) {
  (void)call;
  char text[64];
  int length = snprintf(text, sizeof text, "{\"number\":%lld}", (long long)(reader->next - 1));
  return out.put(out.ctx, text, (size_t)length);
}

static int32_t source_last_error(ch_reader *reader, const ch_call *call) {
  if (reader->failure == CH_E_CANCELLED) return fail(call, CH_E_CANCELLED, "The reading was cancelled.");
  return fail(call, CH_E_TRANSIENT, "There is no memory left.");
}

static void source_cancel(ch_reader *reader) { atomic_store(&reader->is_cancelled, 1); }
static void source_close(ch_reader *reader) { free(reader); }

/* What the schema cannot say of the settings: every problem at once, [] when there is none. */
static int32_t validate(const ch_call *call, const char *settings, ch_sink out) {
  (void)call; (void)settings;
  return out.put(out.ctx, "[]", 2);
}

/* A real test of the connection; tell each step. */
static int32_t check(const ch_call *call, const char *settings) {
  (void)settings;
  if (CH_HAS(call, ch_call, step)) call->step(call, "count", 1, 0, "it can count");
  return CH_OK;
}

/* ---------------------------------------------------------------- who this is */

static const char settings_schema[] =
  "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
  "\"rows\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000000000000,\"default\":10000,\"title\":\"Rows\",\"x-order\":0,"
  "\"description\":\"How far to count; 10000 when left out.\"}}}";

static const char *const aliases[] = { "{{name}}", NULL };

static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_SOURCE, .status = CH_STATUS_EXPERIMENTAL, .features = CH_SF_INCREMENTAL | CH_SF_RESUMABLE,
  .id = "{{id}}", .name = "{{title}}", .version = "0.1.0", .vendor = "Example", .license = "Apache-2.0",
  .docs_url = "", .summary = "Counts.", .aliases = aliases, .config_schema = settings_schema,
  .examples = "[{\"title\":\"A small reading\",\"config\":{\"rows\":100}}]",
};

static const ch_source source = {
  .struct_size = sizeof source, .discover = source_discover, .schema = source_schema, .open = source_open, .cursor = source_cursor,
  .last_error = source_last_error, .cancel = source_cancel, .close = source_close,
};

static const ch_connector connector = {
  .struct_size = sizeof connector, .descriptor = &descriptor, .validate = validate, .check = check, .iface = &source,
};

static const ch_connector *const connectors[] = { &connector };

static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "C11", .count = 1, .connectors = connectors,
};

/* The one symbol that the host looks for. */
const ch_library *connecthost_library_v1(const ch_host *host) {
  return host->abi_version >> 16 == CH_ABI_MAJOR ? &library : NULL;
}

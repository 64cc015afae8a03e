/* A complete source in plain C: six contacts, read in two batches of three rows.
 *
 * Copy it to begin a source of your own. What it shows: streams with a schema, rows as Arrow arrays that own themselves, and a
 * cursor that stands for exactly the rows handed out so far, so that a later run goes on where this one ended. */
#define _POSIX_C_SOURCE 200809L
#include <connecthost_plugin.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_PER_BATCH = 3, COLUMNS = 4 };

typedef struct contact { int64_t id; const char *email; double score; int is_active; } contact;

static const contact contacts[] = {
  { 1, "anna@example.com", 0.5, 1 },  { 2, "bert@example.com", 1.25, 0 }, { 3, NULL, -3.0, 1 },
  { 4, "dora@example.com", 0.0, 0 },  { 5, "", 2.5, 1 },                  { 6, "j\xC3\xBCrgen@example.com", 8.0, 1 },
};
enum { ROWS = sizeof contacts / sizeof contacts[0] };

/* Arrow's names of the types: int64, UTF-8 text, double, boolean. */
static const struct { const char *name, *format; int64_t flags; } columns[COLUMNS] = {
  { "id", "l", 0 }, { "email", "u", ARROW_FLAG_NULLABLE }, { "score", "g", 0 }, { "active", "b", 0 },
};

struct ch_reader {
  const ch_call *call;      /* the call of open, valid until close */
  size_t next_row;
  atomic_int is_cancelled;  /* cancel comes from another thread */
};

static int32_t fail(const ch_call *call, int32_t status, const char *message) {
  call->set_error(call, status, message, NULL, 0);
  return status;
}

/* ---------------------------------------------------------------- schema */

static void release_column_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static void release_schema(struct ArrowSchema *schema) {
  for (int64_t i = 0; i < schema->n_children; i++)
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
  free(schema->private_data);
  schema->release = NULL;
}

/* One block holds the children and the list of pointers to them; names and formats are constants. */
static int make_schema(struct ArrowSchema *out) {
  struct block { struct ArrowSchema *pointers[COLUMNS]; struct ArrowSchema children[COLUMNS]; } *block = calloc(1, sizeof *block);
  if (!block) return ENOMEM;
  for (int i = 0; i < COLUMNS; i++) {
    block->pointers[i] = &block->children[i];
    block->children[i] = (struct ArrowSchema){
      .format = columns[i].format, .name = columns[i].name, .flags = columns[i].flags, .release = release_column_schema };
  }
  *out = (struct ArrowSchema){
    .format = "+s", .name = "", .n_children = COLUMNS, .children = block->pointers, .release = release_schema, .private_data = block };
  return 0;
}

/* ---------------------------------------------------------------- batches */

/* Buffers in Arrow's order: which rows are not null, then offsets or values, then the bytes of text. Memory a column needs is its
 * own, so that a host may keep one column of a batch and release the rest. */
typedef struct column { const void *buffers[3]; uint8_t valid[1]; uint8_t bits[1]; int32_t offsets[ROWS_PER_BATCH + 1]; int64_t integers[ROWS_PER_BATCH];
                        double doubles[ROWS_PER_BATCH]; char text[ROWS_PER_BATCH * 64]; } column;

static void release_column(struct ArrowArray *array) {
  free(array->private_data);
  array->release = NULL;
}

static int make_column(struct ArrowArray *out, int which, const contact *rows, int count) {
  column *column = calloc(1, sizeof *column);
  if (!column) return ENOMEM;
  *out = (struct ArrowArray){ .length = count, .n_buffers = 2, .buffers = column->buffers, .release = release_column, .private_data = column };
  for (int i = 0; i < count; i++) {
    const char *email = rows[i].email;
    size_t length = email ? strlen(email) : 0;
    column->integers[i] = rows[i].id;
    column->doubles[i] = rows[i].score;
    column->bits[0] |= (uint8_t)(rows[i].is_active << i);
    column->valid[0] |= (uint8_t)((email != NULL) << i);
    if (email) memcpy(column->text + column->offsets[i], email, length);
    column->offsets[i + 1] = column->offsets[i] + (int32_t)length;
    if (which == 1 && !email) out->null_count++;
  }
  switch (which) {
    case 0: column->buffers[1] = column->integers; break;
    case 1: column->buffers[0] = column->valid; column->buffers[1] = column->offsets; column->buffers[2] = column->text; out->n_buffers = 3; break;
    case 2: column->buffers[1] = column->doubles; break;
    default: column->buffers[1] = column->bits; break;
  }
  return 0;
}

typedef struct batch { const void *no_validity[1]; struct ArrowArray *pointers[COLUMNS]; struct ArrowArray children[COLUMNS]; } batch;

static void release_batch(struct ArrowArray *array) {
  for (int64_t i = 0; i < array->n_children; i++)
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
  free(array->private_data);
  array->release = NULL;
}

static int make_batch(struct ArrowArray *out, const contact *rows, int count) {
  batch *batch = calloc(1, sizeof *batch);
  if (!batch) return ENOMEM;
  *out = (struct ArrowArray){ .length = count, .n_buffers = 1, .buffers = batch->no_validity, .n_children = COLUMNS,
                              .children = batch->pointers, .release = release_batch, .private_data = batch };
  for (int i = 0; i < COLUMNS; i++) batch->pointers[i] = &batch->children[i];
  for (int i = 0; i < COLUMNS; i++) {
    if (make_column(&batch->children[i], i, rows, count) == 0) continue;
    release_batch(out);
    return ENOMEM;
  }
  return 0;
}

/* ---------------------------------------------------------------- stream */

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  (void)stream;
  return make_schema(out);
}

static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  ch_reader *reader = stream->private_data;
  if (atomic_load(&reader->is_cancelled) || reader->call->is_cancelled(reader->call)) return ECANCELED;
  memset(out, 0, sizeof *out); /* without release: the end */
  size_t left = ROWS - reader->next_row;
  if (left == 0) return 0;
  int count = left < ROWS_PER_BATCH ? (int)left : ROWS_PER_BATCH;
  int failed = make_batch(out, contacts + reader->next_row, count);
  if (failed) return failed;
  reader->next_row += (size_t)count;
  reader->call->progress(reader->call, "rows", (int64_t)reader->next_row, ROWS, NULL);
  return 0;
}

static const char *stream_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "The contacts could not be read.";
}

/* The reader outlives its stream; the batches outlive both. */
static void stream_release(struct ArrowArrayStream *stream) { stream->release = NULL; }

/* ---------------------------------------------------------------- source */

static int32_t source_discover(const ch_call *call, const char *settings, ch_sink out) {
  (void)call; (void)settings;
  static const char streams[] =
    "{\"streams\":[{\"name\":\"contacts\",\"title\":\"Contacts\",\"primary_key\":[\"id\"],\"cursor_field\":\"id\","
    "\"modes\":[\"full\",\"incremental\"],\"estimate_rows\":6}]}";
  return out.put(out.ctx, streams, sizeof streams - 1);
}

static int32_t source_schema(const ch_call *call, const char *settings, const char *stream, struct ArrowSchema *out) {
  (void)settings;
  if (strcmp(stream, "contacts") != 0) return fail(call, CH_E_NOT_FOUND, "There is no such stream; there is: contacts.");
  return make_schema(out) == 0 ? CH_OK : fail(call, CH_E_TRANSIENT, "There is no memory left.");
}

/* The cursor is our own text, given back as it was: {"row":N}. */
static int read_cursor(const char *cursor, size_t *row) {
  unsigned long long number;
  char rest;
  if (sscanf(cursor, " { \"row\" : %llu }%c", &number, &rest) != 1 || number > ROWS) return 0;
  *row = (size_t)number;
  return 1;
}

static int32_t source_open(const ch_call *call, const char *settings, const char *request, const char *cursor, ch_reader **out_reader,
                           struct ArrowArrayStream *out_stream) {
  (void)settings;
  if (!strstr(request, "\"contacts\"")) return fail(call, CH_E_NOT_FOUND, "There is no such stream; there is: contacts.");
  size_t row = 0;
  if (cursor && !read_cursor(cursor, &row)) return fail(call, CH_E_CURSOR, "The cursor is not one of these contacts; read them all again.");
  ch_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return fail(call, CH_E_TRANSIENT, "There is no memory left.");
  reader->call = call;
  reader->next_row = row;
  *out_stream = (struct ArrowArrayStream){ .get_schema = stream_get_schema, .get_next = stream_get_next,
                                           .get_last_error = stream_last_error, .release = stream_release, .private_data = reader };
  *out_reader = reader;
  return CH_OK;
}

static int32_t source_cursor(ch_reader *reader, const ch_call *call, ch_sink out) {
  (void)call;
  char text[64];
  int length = snprintf(text, sizeof text, "{\"row\":%zu}", reader->next_row);
  return out.put(out.ctx, text, (size_t)length);
}

static int32_t source_last_error(ch_reader *reader, const ch_call *call) {
  if (atomic_load(&reader->is_cancelled) || call->is_cancelled(call)) return fail(call, CH_E_CANCELLED, "The call was cancelled.");
  return fail(call, CH_E_TRANSIENT, "There is no memory left.");
}

static void source_cancel(ch_reader *reader) { atomic_store(&reader->is_cancelled, 1); }
static void source_close(ch_reader *reader) { free(reader); }

static int32_t validate(const ch_call *call, const char *settings, ch_sink out) {
  (void)call; (void)settings;
  return out.put(out.ctx, "[]", 2);
}

static int32_t check(const ch_call *call, const char *settings) {
  (void)call; (void)settings;
  return CH_OK;
}

/* ---------------------------------------------------------------- the library */

static const ch_source source = {
  .struct_size = sizeof source, .discover = source_discover, .schema = source_schema, .open = source_open, .cursor = source_cursor,
  .last_error = source_last_error, .cancel = source_cancel, .close = source_close,
};

static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_SOURCE, .status = CH_STATUS_STABLE, .features = CH_SF_INCREMENTAL | CH_SF_RESUMABLE,
  .id = "com.example.c-contacts", .name = "Contacts (C example)", .version = "1.0.0", .vendor = "Example", .license = "Apache-2.0",
  .docs_url = "https://example.com/c-contacts", .summary = "Six contacts in two batches.",
  .config_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}",
};

static const ch_connector connector = {
  .struct_size = sizeof connector, .descriptor = &descriptor, .validate = validate, .check = check, .iface = &source,
};

static const ch_connector *const connectors[] = { &connector };

static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "C11", .count = 1, .connectors = connectors,
};

const ch_library *connecthost_library_v1(const ch_host *host) {
  return host->abi_version >> 16 == CH_ABI_MAJOR ? &library : NULL;
}

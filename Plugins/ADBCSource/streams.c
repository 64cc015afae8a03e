#include "streams.h"
#include "query.h"
#include "session.h"

#include <string.h>

enum { MOST_STREAMS = 10000 };

typedef struct list { text_buffer text; int64_t count; const settings *settings; } list;

static void put_stream(list *list, const char *name, const char *title) {
  const char *cursor = list->settings->cursor_column;
  text_put(&list->text, list->count++ ? ",{\"name\":" : "{\"name\":");
  text_put_json(&list->text, name);
  text_put(&list->text, ",\"title\":");
  text_put_json(&list->text, title);
  if (cursor) {
    text_put(&list->text, ",\"cursor_field\":");
    text_put_json(&list->text, cursor);
  }
  text_put(&list->text, cursor ? ",\"modes\":[\"full\",\"incremental\"]}" : ",\"modes\":[\"full\"]}");
}

/* ---------------------------------------------------------------- GetObjects */

static int is_valid(const struct ArrowArray *array, int64_t row) {
  const uint8_t *bits = array->buffers[0];
  return !bits || (bits[(array->offset + row) >> 3] >> ((array->offset + row) & 7) & 1);
}

/* Puts the text of a utf8 column behind what `out` has; nothing where it is null. */
static void put_name(text_buffer *out, const struct ArrowArray *array, int64_t row) {
  const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset + row;
  if (is_valid(array, row) && offsets[1] > offsets[0]) text_add(out, (const char *)array->buffers[2] + offsets[0], (size_t)(offsets[1] - offsets[0]));
}

/* The rows [*from, *to) of the structs that a row of a list column holds, as their children count them. */
static const struct ArrowArray *items(const struct ArrowArray *lists, int64_t row, int64_t *from, int64_t *to) {
  const struct ArrowArray *structs = lists->children[0];
  const int32_t *offsets = (const int32_t *)lists->buffers[1] + lists->offset + row;
  int has_items = is_valid(lists, row);
  *from = has_items ? structs->offset + offsets[0] : 0;
  *to = has_items ? structs->offset + offsets[1] : 0;
  return structs;
}

static void put_tables(list *list, const struct ArrowArray *schemas, int64_t schema) {
  int64_t row, end;
  text_buffer name = { 0 };
  text_put(&name, "");
  put_name(&name, schemas->children[0], schema);
  if (name.failed || strcmp(name.bytes, "information_schema") == 0 || strcmp(name.bytes, "pg_catalog") == 0) { text_free(&name); return; }
  if (name.length) text_put(&name, ".");
  size_t prefix = name.length;
  const struct ArrowArray *tables = items(schemas->children[1], schema, &row, &end);
  for (; row < end && list->count < MOST_STREAMS && !name.failed; row++) {
    name.length = prefix;
    put_name(&name, tables->children[0], row);
    if (name.length > prefix) put_stream(list, name.bytes, name.bytes + prefix);
  }
  text_free(&name);
}

static void put_batch(list *list, const struct ArrowArray *batch) {
  for (int64_t catalog = 0; catalog < batch->length; catalog++) {
    int64_t row, end;
    const struct ArrowArray *schemas = items(batch->children[1], batch->offset + catalog, &row, &end);
    for (; row < end; row++) put_tables(list, schemas, row);
  }
}

/* Catalogs of schemas of tables, as the specification nests them. */
static int is_as_specified(const struct ArrowSchema *s) {
  if (s->n_children != 2 || strcmp(s->children[0]->format, "u") != 0 || strcmp(s->children[1]->format, "+l") != 0) return 0;
  const struct ArrowSchema *schemas = s->children[1]->children[0];
  if (schemas->n_children != 2 || strcmp(schemas->children[0]->format, "u") != 0 || strcmp(schemas->children[1]->format, "+l") != 0) return 0;
  const struct ArrowSchema *tables = schemas->children[1]->children[0];
  return tables->n_children >= 1 && strcmp(tables->children[0]->format, "u") == 0;
}

static int32_t read_objects(list *list, session *session, const ch_call *call, struct ArrowArrayStream *objects) {
  static const char what[] = "The list of tables could not be read: ";
  struct ArrowSchema schema = { 0 };
  int failed = objects->get_schema(objects, &schema);
  if (failed) return session_fail_stream(session, call, objects, failed, what);
  int is_known = is_as_specified(&schema);
  if (schema.release) schema.release(&schema);
  if (!is_known) return fail(call, NULL, CH_E_UNSUPPORTED, what,
      "the driver's list has another shape than ADBC gives it. Set \"table\" or \"query\".", NULL);
  for (;;) {
    struct ArrowArray batch = { 0 };
    failed = objects->get_next(objects, &batch);
    if (failed) return session_fail_stream(session, call, objects, failed, what);
    if (!batch.release) return CH_OK;
    put_batch(list, &batch);
    batch.release(&batch);
  }
}

static int32_t put_all_tables(list *list, session *session, const ch_call *call) {
  struct ArrowArrayStream objects = { 0 };
  struct AdbcError error = { 0 };
  if (!session->driver.ConnectionGetObjects)
    return fail(call, NULL, CH_E_UNSUPPORTED, "This ADBC driver cannot list its tables: set \"table\" or \"query\".", NULL, NULL);
  adbc_status code = session->driver.ConnectionGetObjects(&session->connection, ADBC_DEPTH_TABLES, NULL, NULL, NULL, NULL, NULL, &objects, &error);
  if (code != ADBC_OK) return session_fail(session, call, code, &error, "The tables could not be listed (set \"table\" or \"query\"): ");
  int32_t status = read_objects(list, session, call, &objects);
  objects.release(&objects);
  return status;
}

/* ---------------------------------------------------------------- the functions */

int32_t streams_discover(const ch_call *call, const char *config_json, ch_sink out) {
  session session;
  list list = { .settings = &session.settings };
  int32_t status = session_open(&session, call, config_json);
  text_put(&list.text, "{\"streams\":[");
  if (status == CH_OK) {
    const char *table = session.settings.table;
    if (session.settings.query) put_stream(&list, QUERY_STREAM, "Query");
    else if (table) put_stream(&list, table, table);
    else status = put_all_tables(&list, &session, call);
  }
  text_put(&list.text, "]}");
  if (status == CH_OK && list.text.failed) status = fail(call, NULL, CH_E_TRANSIENT, "There is no memory left.", NULL, NULL);
  if (status == CH_OK) status = out.put(out.ctx, list.text.bytes, list.text.length);
  text_free(&list.text);
  session_close(&session);
  return status;
}

int32_t streams_schema(const ch_call *call, const char *config_json, const char *stream, struct ArrowSchema *out) {
  session session;
  struct ArrowSchema schema = { 0 };
  columns columns = { 0 };
  text_buffer sql = { 0 };
  memset(out, 0, sizeof *out);
  int32_t status = session_open(&session, call, config_json);
  if (status == CH_OK) status = query_build(&session.settings, call, stream, NULL, &sql);
  if (status == CH_OK) status = session_schema(&session, call, sql.bytes, &schema);
  if (status == CH_OK) status = columns_read(&columns, call, &schema);
  if (status == CH_OK && columns_make_schema(&columns, out) != 0) status = fail(call, NULL, CH_E_TRANSIENT, "There is no memory left.", NULL, NULL);
  if (schema.release) schema.release(&schema);
  columns_free(&columns);
  text_free(&sql);
  session_close(&session);
  return status;
}

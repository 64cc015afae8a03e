/* The example source with one thing wrong with it. */
#define connecthost_library_v1 example_library
#include "../../../Examples/c-source/contacts_source.c"
#undef connecthost_library_v1
#include "defect.h"

static size_t shared_row;
static struct ArrowArray lent; /* what a batch points at that does not own it */

static int32_t bad_discover(const ch_call *call, const char *settings, ch_sink out) {
  static const char none[] = "{\"streams\":[{\"name\":\"contacts\",\"title\":\"Contacts\",\"modes\":[]}]}";
  static const char untitled[] = "{\"streams\":[{\"name\":\"contacts\",\"modes\":[\"full\"]}]}";
  if (has("no_modes")) return out.put(out.ctx, none, sizeof none - 1);
  if (has("untitled_stream")) return out.put(out.ctx, untitled, sizeof untitled - 1);
  return source_discover(call, settings, out);
}

static int32_t bad_schema(const ch_call *call, const char *settings, const char *stream, struct ArrowSchema *out) {
  if (has("any_stream")) return make_schema(out) == 0 ? CH_OK : CH_E_TRANSIENT;
  int32_t status = source_schema(call, settings, stream, out);
  if (status == CH_OK && has("other_schema")) out->children[0]->name = "number";
  return status;
}

static void release_without_mark(struct ArrowArray *array) { release_batch(array); array->release = release_without_mark; }
static void release_moved_too(struct ArrowArray *array) {
  for (int64_t i = 0; i < array->n_children; i++) { memset(array->children[i]->private_data, 0x5A, sizeof(column)); free(array->children[i]->private_data); }
  free(array->private_data);
  array->release = NULL;
}
static void release_nothing(struct ArrowArray *array) { array->release = NULL; }

static int32_t never(const ch_call *call) { (void)call; return 0; }

static int bad_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  ch_reader *reader = stream->private_data;
  if (has("deaf")) atomic_store(&reader->is_cancelled, 0);
  ch_call quiet = *reader->call;
  const ch_call *real = reader->call;
  if (has("deaf")) { quiet.is_cancelled = never; reader->call = &quiet; }
  if (has("shared_position")) reader->next_row = shared_row;
  int code = stream_get_next(stream, out);
  reader->call = real;
  if (has("shared_position")) shared_row = reader->next_row;
  if (code || !out->release) return code;
  if (has("wrong_null_count")) out->children[1]->null_count = 0;
  if (has("short_column")) out->children[2]->length = 1;
  if (has("not_utf8")) ((char *)out->children[1]->buffers[2])[0] = (char)0xFF;
  if (has("release_without_mark")) out->release = release_without_mark;
  if (has("releases_moved")) out->release = release_moved_too;
  if (has("leaks_batches")) out->release = release_nothing;
  if (has("lends_batches")) { lent = *out; out->release = release_nothing; }
  return 0;
}

static int32_t bad_open(const ch_call *call, const char *settings, const char *request, const char *cursor, ch_reader **reader,
                        struct ArrowArrayStream *stream) {
  if (has("any_cursor") && cursor && !strstr(cursor, "row")) cursor = NULL;
  if (has("shared_position")) shared_row = 0;
  int32_t status = source_open(call, settings, request, cursor, reader, stream);
  if (status == CH_OK) stream->get_next = bad_get_next;
  if (status == CH_OK && has("ignores_cursor")) (*reader)->next_row = 0;
  return status;
}

static int32_t bad_cursor(ch_reader *reader, const ch_call *call, ch_sink out) {
  ch_reader other = { .call = reader->call, .next_row = reader->next_row };
  if (has("cursor_ahead") && other.next_row < ROWS) other.next_row++;
  if (has("cursor_behind") && other.next_row > 0) other.next_row--;
  if (has("cursor_no_json")) return out.put(out.ctx, "row 1", 5);
  return source_cursor(&other, call, out);
}

static void bad_close(ch_reader *reader) {
  if (has("lends_batches") && lent.release) {
    for (int64_t i = 0; i < lent.n_children; i++) memset(lent.children[i]->private_data + offsetof(column, integers), 0x5A, sizeof(int64_t) * ROWS_PER_BATCH);
    memset(&lent, 0, sizeof lent);
  }
  source_close(reader);
}

__attribute__((visibility("default"))) const ch_library *connecthost_library_v1(const ch_host *host) {
  static ch_source table;
  static ch_connector changed;
  static const ch_connector *const list[] = { &changed };
  static ch_library other;
  table = source;
  table.discover = bad_discover; table.schema = bad_schema; table.open = bad_open; table.cursor = bad_cursor; table.close = bad_close;
  changed = connector;
  changed.iface = &table;
  other = *example_library(host);
  other.connectors = list;
  return &other;
}

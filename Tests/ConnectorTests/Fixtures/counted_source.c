/* The example source with every allocation counted: discover tells as estimate_rows how many are alive. With SPOIL, each batch or
 * schema is changed before it goes out. */
#include <stdlib.h>

static long alive;
static void *counted_calloc(size_t count, size_t size) { alive++; return calloc(count, size); }
static void counted_free(void *block) { if (block) alive--; free(block); }

#define calloc counted_calloc
#define free counted_free
#define connecthost_library_v1 example_library
#include "../../../Examples/c-source/contacts_source.c"
#undef connecthost_library_v1

#ifndef SPOIL_SCHEMA
#define SPOIL_SCHEMA(schema) (void)(schema)
#endif
#ifndef SPOIL_BATCH
#define SPOIL_BATCH(batch) (void)(batch)
#endif

static int32_t counted_discover(const ch_call *call, const char *settings, ch_sink out) {
  (void)call; (void)settings;
  char text[80];
  int length = snprintf(text, sizeof text, "{\"streams\":[{\"name\":\"contacts\",\"estimate_rows\":%ld}]}", alive);
  return out.put(out.ctx, text, (size_t)length);
}

static int32_t spoiled_schema(const ch_call *call, const char *settings, const char *stream, struct ArrowSchema *out) {
  int32_t status = source_schema(call, settings, stream, out);
  if (status == CH_OK) SPOIL_SCHEMA(out);
  return status;
}

static int spoiled_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  int failed = stream_get_schema(stream, out);
  if (!failed) SPOIL_SCHEMA(out);
  return failed;
}

static int spoiled_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
#ifdef FAIL_WITH
  (void)out;
  FAIL_WITH;
#endif
  int failed = stream_get_next(stream, out);
  if (!failed && out->release) SPOIL_BATCH(out);
  return failed;
}

static int32_t spoiled_open(const ch_call *call, const char *settings, const char *request, const char *cursor, ch_reader **reader,
                            struct ArrowArrayStream *stream) {
  int32_t status = source_open(call, settings, request, cursor, reader, stream);
  if (status != CH_OK) return status;
  stream->get_schema = spoiled_get_schema;
  stream->get_next = spoiled_get_next;
  return CH_OK;
}

__attribute__((visibility("default"))) const ch_library *connecthost_library_v1(const ch_host *host) {
  static ch_source spoiled;
  static ch_connector changed;
  static const ch_connector *const spoiled_connectors[] = { &changed };
  static ch_library other;
  spoiled = source;
  spoiled.discover = counted_discover;
  spoiled.schema = spoiled_schema;
  spoiled.open = spoiled_open;
  changed = connector;
  changed.iface = &spoiled;
  other = *example_library(host);
  other.connectors = spoiled_connectors;
  return &other;
}

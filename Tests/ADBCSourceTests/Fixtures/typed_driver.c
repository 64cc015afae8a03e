/* An ADBC driver of 1.0 that answers every query with two rows of the type in FORMAT: VALUES in buffer 1, MORE in buffer 2, the second row NULL.
 * The batch and its column both begin at offset 1. It is built once for each type under test. */
#include "adbc.h"
#include <stdlib.h>
#include <string.h>

#ifndef MORE
#define MORE { 0 }
#endif

static const _Alignas(16) unsigned char validity[] = { 0x04 };
static const _Alignas(16) TYPE values[] = VALUES;
static const _Alignas(16) unsigned char more[] = MORE;

static adbc_status new_database(struct AdbcDatabase *d, struct AdbcError *e) { (void)d; (void)e; return ADBC_OK; }
static adbc_status new_connection(struct AdbcConnection *c, struct AdbcError *e) { (void)c; (void)e; return ADBC_OK; }
static adbc_status init_connection(struct AdbcConnection *c, struct AdbcDatabase *d, struct AdbcError *e) { (void)c; (void)d; (void)e; return ADBC_OK; }
static adbc_status new_statement(struct AdbcConnection *c, struct AdbcStatement *s, struct AdbcError *e) { (void)c; (void)s; (void)e; return ADBC_OK; }
static adbc_status end_statement(struct AdbcStatement *s, struct AdbcError *e) { (void)s; (void)e; return ADBC_OK; }
static adbc_status set_query(struct AdbcStatement *s, const char *q, struct AdbcError *e) { (void)s; (void)q; (void)e; return ADBC_OK; }
static adbc_status set_database(struct AdbcDatabase *d, const char *k, const char *v, struct AdbcError *e) { (void)d; (void)k; (void)v; (void)e; return ADBC_OK; }
static adbc_status set_connection(struct AdbcConnection *d, const char *k, const char *v, struct AdbcError *e) { (void)d; (void)k; (void)v; (void)e; return ADBC_OK; }
static adbc_status set_statement(struct AdbcStatement *d, const char *k, const char *v, struct AdbcError *e) { (void)d; (void)k; (void)v; (void)e; return ADBC_OK; }

static void release_schema(struct ArrowSchema *s) { s->release = NULL; }
static void release_array(struct ArrowArray *a) { a->release = NULL; }

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  (void)stream;
  static struct ArrowSchema child, *children[] = { &child };
  child = (struct ArrowSchema){ .format = FORMAT, .name = "value", .flags = ARROW_FLAG_NULLABLE, .release = release_schema };
  *out = (struct ArrowSchema){ .format = "+s", .name = "", .n_children = 1, .children = children, .release = release_schema };
  return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  static struct ArrowArray child, *children[] = { &child };
  static const void *buffers[] = { validity, values, more, more }, *none[] = { NULL };
  memset(out, 0, sizeof *out);
  if (stream->private_data) return 0;
  stream->private_data = stream;
  child = (struct ArrowArray){ .length = 3, .offset = 1, .null_count = -1, .n_buffers = 4, .buffers = buffers, .release = release_array };
  *out = (struct ArrowArray){ .length = 2, .offset = 1, .n_buffers = 1, .buffers = none, .n_children = 1, .children = children, .release = release_array };
  return 0;
}

static const char *last_error(struct ArrowArrayStream *stream) { (void)stream; return NULL; }
static void release_stream(struct ArrowArrayStream *stream) { stream->release = NULL; }

static adbc_status execute(struct AdbcStatement *s, struct ArrowArrayStream *out, int64_t *rows, struct AdbcError *e) {
  (void)s; (void)rows; (void)e;
  *out = (struct ArrowArrayStream){ .get_schema = get_schema, .get_next = get_next, .get_last_error = last_error, .release = release_stream };
  return ADBC_OK;
}

__attribute__((visibility("default"))) adbc_status AdbcDriverInit(int version, void *driver, struct AdbcError *error) {
  (void)error;
  if (version != ADBC_1_0) return ADBC_NOT_IMPLEMENTED;
  struct AdbcDriver *d = driver;
  d->DatabaseNew = d->DatabaseInit = d->DatabaseRelease = new_database;
  d->DatabaseSetOption = set_database;
  d->ConnectionNew = d->ConnectionRelease = new_connection;
  d->ConnectionInit = init_connection;
  d->ConnectionSetOption = set_connection;
  d->StatementNew = new_statement;
  d->StatementRelease = end_statement;
  d->StatementSetOption = set_statement;
  d->StatementSetSqlQuery = set_query;
  d->StatementExecuteQuery = execute;
  return ADBC_OK;
}

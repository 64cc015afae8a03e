/* A transport that is complete and does nothing, for fixtures that are wrong in one way only. */
#ifndef MINIMAL_TRANSPORT_H
#define MINIMAL_TRANSPORT_H
#include <connecthost_plugin.h>

static int32_t mt_open(const ch_call *c, const char *j, ch_session **o) { (void)c; (void)j; (void)o; return CH_E_UNSUPPORTED; }
static void mt_session(ch_session *s) { (void)s; }
static int32_t mt_entries(ch_session *s, const ch_call *c, const char *p, ch_entry_fn f, void *x) {
  (void)s; (void)c; (void)p; (void)f; (void)x;
  return CH_E_UNSUPPORTED;
}
static int32_t mt_open_read(ch_session *s, const ch_call *c, const char *p, int64_t n, ch_file **o) {
  (void)s; (void)c; (void)p; (void)n; (void)o;
  return CH_E_UNSUPPORTED;
}
static int64_t mt_read(ch_file *f, const ch_call *c, void *b, size_t n) { (void)f; (void)c; (void)b; (void)n; return CH_E_UNSUPPORTED; }
static int32_t mt_open_write(ch_session *s, const ch_call *c, const char *p, int64_t n, int64_t e, ch_file **o) {
  (void)s; (void)c; (void)p; (void)n; (void)e; (void)o;
  return CH_E_UNSUPPORTED;
}
static int64_t mt_write(ch_file *f, const ch_call *c, const void *b, size_t n) { (void)f; (void)c; (void)b; (void)n; return CH_E_UNSUPPORTED; }
static int32_t mt_commit(ch_file *f, const ch_call *c, int64_t t) { (void)f; (void)c; (void)t; return CH_E_UNSUPPORTED; }
static void mt_abort(ch_file *f) { (void)f; }
static int32_t mt_rename(ch_session *s, const ch_call *c, const char *a, const char *b, int32_t r) {
  (void)s; (void)c; (void)a; (void)b; (void)r;
  return CH_E_UNSUPPORTED;
}
static int32_t mt_name(ch_session *s, const ch_call *c, const char *p) { (void)s; (void)c; (void)p; return CH_E_UNSUPPORTED; }

static const ch_transport minimal_transport = {
  sizeof(ch_transport), 0, mt_open, mt_session, mt_session, mt_entries, mt_entries, mt_open_read, mt_read,
  mt_open_write, mt_write, mt_commit, mt_abort, mt_rename, mt_name, mt_name, mt_name,
};
#endif

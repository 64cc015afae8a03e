/* The example transport with one thing wrong with it. */
#define connecthost_library_v1 example_library
#include "../../../Examples/c-transport/directory_transport.c"
#undef connecthost_library_v1
#include "defect.h"
#include <time.h>

#ifdef UNRESOLVED
extern int nobody_has_this(void);
int (*unresolved)(void) = nobody_has_this;
#endif


static int32_t bad_open(const ch_call *call, const char *settings, ch_session **out) {
  static ch_session *only;
  if (has("takes_anything") && !strstr(settings, "directory")) { *out = malloc(sizeof **out); (*out)->root = open("/", O_RDONLY | O_CLOEXEC); return CH_OK; }
  if (has("shared_session") && only) { *out = only; return CH_OK; }
  if (has("leaks_memory")) { char *lost = malloc(48); lost[0] = 1; __asm__ volatile("" : : "r"(lost) : "memory"); }
  if (has("leaks_descriptor")) (void)dup(0);
  if (has("leaks_thread")) start_thread();
  int32_t status = transport_open(call, settings, out);
  if (status == CH_OK) only = *out;
  return status;
}

static void bad_close(ch_session *session) {
  if (has("shared_session")) { if (session && session->root >= 0) close(session->root); if (session) session->root = -1; return; }
  transport_close(session);
}

static int64_t bad_read(ch_file *file, const ch_call *call, void *buffer, size_t capacity) {
  if (has("traps_in_read")) abort();
  if (has("exits_in_read")) _exit(0);
  if (has("hangs_in_read")) for (;;) pause();
  if (has("deaf")) return read(file->fd, buffer, capacity);
  if (has("needs_large_buffers") && capacity < 4096) return fail(call, CH_E_INTERNAL, "The buffer is too small.");
  int64_t count = transport_read(file, call, buffer, capacity);
  if (has("overruns") && count > 0) ((char *)buffer)[capacity] = 1;
  return count;
}

static int64_t bad_write(ch_file *file, const ch_call *call, const void *bytes, size_t count) {
  if (has("loses_last_byte") && count > 1) return transport_write(file, call, bytes, count - 1) < 0 ? CH_E_INTERNAL : (int64_t)count;
  if (has("takes_too_much")) return transport_write(file, call, bytes, count) + 1;
  return transport_write(file, call, bytes, count);
}

static int32_t bad_open_read(ch_session *session, const ch_call *call, const char *path, int64_t offset, ch_file **out) {
  if (has("takes_absolute") && path[0] == '/') path++;
  if (has("missing_is_internal")) {
    int32_t status = transport_open_read(session, call, path, offset, out);
    return status == CH_E_NOT_FOUND ? fail(call, CH_E_INTERNAL, "It failed.") : status;
  }
  if (has("ignores_offset")) offset = 0;
  if (has("cuts_offset")) offset = (int32_t)offset < 0 ? 0 : (int32_t)offset;
  return transport_open_read(session, call, path, offset, out);
}

static int32_t bad_open_write(ch_session *session, const ch_call *call, const char *path, int64_t offset, int64_t expected, ch_file **out) {
  char ascii[PATH_MAX];
  if (has("ascii_only")) {
    size_t used = 0;
    for (; path[used] && used < sizeof ascii - 1; used++) ascii[used] = (unsigned char)path[used] < 0x80 ? path[used] : '?';
    ascii[used] = '\0';
    path = ascii;
  }
  if (has("goes_on_anywhere") && offset > 0) {
    int32_t status = transport_open_write(session, call, path, 0, expected, out);
    if (status == CH_OK) { (*out)->is_new = 0; }
    return status;
  }
  return transport_open_write(session, call, path, offset, expected, out);
}

static int32_t bad_commit(ch_file *file, const ch_call *call, int64_t modified) {
  return transport_commit(file, call, has("keeps_time") ? INT64_MIN : modified);
}

static void bad_abort(ch_file *file) {
  if (file && has("abort_keeps")) file->is_new = 0;
  if (file && has("abort_removes")) file->is_new = 1;
  transport_abort(file);
}

static int32_t bad_stat(ch_session *session, const ch_call *call, const char *path, ch_entry_fn found, void *context) {
  if (has("cuts_size")) {
    struct stat facts;
    if (fstatat(session->root, path, &facts, AT_SYMLINK_NOFOLLOW) == 0) {
      ch_entry entry = { .struct_size = sizeof entry, .type = 1, .path = path, .size = (int32_t)facts.st_size };
      return found(context, &entry);
    }
  }
  int32_t status = transport_stat(session, call, path, found, context);
  return has("odd_status") && status == CH_E_NOT_FOUND ? -99 : status;
}

static int32_t bad_list(ch_session *session, const ch_call *call, const char *path, ch_entry_fn found, void *context) {
  if (has("lists_dots")) { ch_entry dot = { .struct_size = sizeof dot, .type = 2, .path = "." }; found(context, &dot); }
  return transport_list(session, call, path, found, context);
}

static int32_t bad_rename(ch_session *session, const ch_call *call, const char *from, const char *to, int32_t replace) {
  return transport_rename(session, call, from, to, has("rename_overwrites") ? 1 : replace);
}

static void ignore(const ch_call *c, int32_t s, const char *m, const char *d, int64_t r) { (void)c; (void)s; (void)m; (void)d; (void)r; }

static int32_t bad_remove(ch_session *session, const ch_call *call, const char *path) {
  if (has("remove_does_nothing")) return CH_OK;
  if (has("tells_secret")) return fail(call, CH_E_NOT_FOUND, "\"%s\" is not there for the password hunter22.", path);
  if (!has("says_nothing")) return transport_remove(session, call, path);
  ch_call quiet = *call;
  quiet.set_error = ignore;
  return transport_remove(session, &quiet, path);
}

static int32_t bad_mkdir(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1];
  if (!has("mkdir_only_new")) return transport_mkdir(session, call, path);
  int32_t parent = open_parent(call, session->root, path, name);
  return parent < 0 ? parent : finish(call, parent, mkdirat(parent, name, 0777), path);
}

static int32_t put(ch_sink out, const char *text) { return out.put(out.ctx, text, strlen(text)); }
static int32_t bad_validate(const ch_call *call, const char *settings, ch_sink out) {
  if (has("refuses_examples")) return put(out, "[{\"path\":\"/directory\",\"severity\":\"error\",\"message\":\"No.\"}]");
  if (has("no_pointers")) return put(out, strstr(settings, "/srv") ? "[]" : "[{\"path\":\"directory\",\"severity\":\"error\",\"message\":\"No.\"}]");
  if (has("traps_on_arrays") && settings[0] == '[') abort();
  if (has("first_problem_only")) {
    if (strstr(settings, "\"directory\":\"\"")) return put(out, "[{\"path\":\"/directory\",\"severity\":\"error\",\"message\":\"Empty.\"}]");
    if (strstr(settings, "\"other\":\"\"")) return put(out, "[{\"path\":\"/other\",\"severity\":\"error\",\"message\":\"Empty.\"}]");
    return put(out, "[]");
  }
  return validate(call, settings, out);
}

static int32_t bad_check(const ch_call *call, const char *settings) {
  if (has("check_fails")) return fail(call, CH_E_TRANSIENT, "The network is gone.");
  return has("check_is_silent") ? CH_OK : check(call, settings);
}

static const void *any_extension(const char *id) { (void)id; return &transport; }

#define PROPERTY(text) "{\"type\":\"object\",\"required\":[\"directory\"],\"properties\":{\"directory\":{\"type\":\"string\",\"title\":\"D\",\"description\":\"D.\"}," text "}}"
static const char *bad_schema(void) {
  if (has("untitled")) return PROPERTY("\"other\":{\"type\":\"string\",\"description\":\"O.\"}");
  if (has("undescribed")) return PROPERTY("\"other\":{\"type\":\"string\",\"title\":\"O\"}");
  if (has("unmarked_secret")) return PROPERTY("\"apiKey\":{\"type\":\"string\",\"title\":\"Key\",\"description\":\"Key.\"}");
  if (has("secret_default"))
    return PROPERTY("\"password\":{\"type\":\"string\",\"title\":\"P\",\"description\":\"P.\",\"writeOnly\":true,\"default\":\"admin\"}");
  if (has("tells_secret")) return PROPERTY("\"password\":{\"type\":\"string\",\"title\":\"P\",\"description\":\"P.\",\"writeOnly\":true}");
  if (has("nested")) return PROPERTY("\"other\":{\"type\":\"object\",\"title\":\"O\",\"description\":\"O.\"}");
  if (has("unknown_keyword")) return PROPERTY("\"other\":{\"type\":\"string\",\"title\":\"O\",\"description\":\"O.\",\"oneOf\":[]}");
  if (has("wrong_default")) return PROPERTY("\"other\":{\"type\":\"integer\",\"title\":\"O\",\"description\":\"O.\",\"maximum\":5,\"default\":6}");
  if (has("first_problem_only")) return PROPERTY("\"other\":{\"type\":\"string\",\"title\":\"O\",\"description\":\"O.\"}");
  return settings_schema;
}

static void at_entry(void) {

  if (has("traps_at_load")) abort();
  if (has("slow_to_load")) nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 200000000 }, NULL);
  if (has("thread_at_load")) start_thread();
  if (has("prints_at_load")) { printf("hello\n"); fflush(stdout); }
  if (has("moves_at_load")) (void)!chdir("/");
  if (has("handler_at_load")) signal(SIGTERM, SIG_IGN);
}

__attribute__((visibility("default"))) const ch_library *connecthost_library_v1(const ch_host *host) {
  static ch_transport table;
  static ch_descriptor facts;
  static ch_connector changed;
  static const ch_connector *const list[] = { &changed };
  static ch_library other;
  at_entry();
  table = transport;
  table.open = bad_open; table.close = bad_close; table.read = bad_read; table.write = bad_write; table.open_read = bad_open_read;
  table.open_write = bad_open_write; table.commit = bad_commit; table.abort = bad_abort; table.stat = bad_stat; table.list = bad_list;
  table.rename = bad_rename; table.remove = bad_remove; table.mkdir = bad_mkdir;
  facts = descriptor;
  facts.config_schema = bad_schema();
  if (has("short_id")) facts.id = "directory";
  if (has("no_version")) facts.version = "newest";
  if (has("no_summary")) facts.summary = "";
  if (has("no_vendor")) facts.vendor = "";
  if (has("odd_features")) facts.features |= 1ull << 40;
  if (has("cuts_nothing")) facts.features |= CH_TF_CUT_BACK;
  if (has("visible_early")) facts.features &= ~CH_TF_PARTIAL_VIS;
  if (has("wrong_example")) facts.examples = "[{\"title\":\"One\",\"config\":{\"directry\":\"/srv\"}}]";
  changed = connector;
  changed.descriptor = &facts;
  changed.iface = &table;
  changed.validate = bad_validate;
  changed.check = bad_check;
  if (has("any_extension")) changed.extension = any_extension;
  other = *example_library(host);
  other.connectors = list;
  return &other;
}

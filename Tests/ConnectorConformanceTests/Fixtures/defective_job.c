/* A job kind that writes a report to a server, and what can be wrong with it. */
#include <connecthost_plugin.h>
#include "defect.h"

static int32_t fail(const ch_call *call, int32_t status, const char *message) {
  if (!has("says_nothing")) call->set_error(call, status, message, NULL, 0);
  return status;
}

static int32_t run(const ch_call *call, const ch_run *given, const char *settings, ch_sink result) {
  if (has("deaf")) for (;;) pause();
  if (call->is_cancelled(call)) return fail(call, CH_E_CANCELLED, "The run was cancelled.");
  if (!strstr(settings, "\"server\"")) return fail(call, CH_E_CONFIG, "\"server\" is missing: name the server to write to.");
  if (!given->dry_run || has("writes_in_dry_run")) {
    const ch_transport *files;
    ch_session *session;
    ch_file *file;
    int32_t status = given->transport(given, "server", &files, &session);
    if (status == CH_OK) status = files->open_write(session, call, "report", 0, -1, &file);
    if (status != CH_OK) return status;
    files->abort(file);
  }
  if (has("keeps_state_in_dry_run")) given->state_put(given, "last", "1");
  const char *text = has("no_result") ? "done" : "{\"rows\":0}";
  return result.put(result.ctx, text, strlen(text));
}

static const ch_job job = { .struct_size = sizeof job, .run = run };
static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_JOB, .features = CH_JF_DRY_RUN, .id = "com.example.report", .name = "Report", .version = "1.0.0",
  .vendor = "Example", .license = "Apache-2.0", .docs_url = "", .summary = "Writes a report.",
  .config_schema = "{\"type\":\"object\",\"required\":[\"server\"],\"properties\":{\"server\":{\"type\":\"string\",\"title\":\"Server\",\"description\":\"Where to.\"}}}",
};
static const ch_connector connector = { .struct_size = sizeof connector, .descriptor = &descriptor, .iface = &job };
static const ch_connector *const connectors[] = { &connector };
static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "fixture", .count = 1, .connectors = connectors,
};

const ch_library *connecthost_library_v1(const ch_host *host) {
  (void)host;
  return &library;
}

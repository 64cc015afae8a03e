/* {{title}}: a job kind, which does work of its own. As it stands it counts to the number in its settings and remembers it.
 *
 * Begin here:
 *  1. `descriptor` and `settings_schema` at the end: who you are and what you need to know.
 *  2. `run`: all the work. With `dry_run` it does everything but change something.
 * `ch_run` in the header is what the host gives: rows of an input, servers, a place to remember things, counters, rejects. */
#define _POSIX_C_SOURCE 200809L
#include <connecthost_plugin.h>

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "settings.h"

/* Says what went wrong to the person who reads the run's log. Never a password. */
static int32_t fail(const ch_call *call, int32_t status, const char *message) {
  call->set_error(call, status, message, NULL, 0);
  return status;
}

/* Waits, or less when the run is stopped. Poll cancel_fd beside your own sockets in the same way. */
static int32_t wait_or_cancel(const ch_call *call, int milliseconds) {
  struct pollfd cancel = { .fd = call->cancel_fd, .events = POLLIN };
  if (milliseconds > 0) poll(&cancel, 1, milliseconds);
  return call->is_cancelled(call) ? fail(call, CH_E_CANCELLED, "The counting was stopped.") : CH_OK;
}

static int32_t run(const ch_call *call, const ch_run *run, const char *settings, ch_sink result) {
  int64_t count = 0, pause = 0;
  if (!settings_integer(settings, "count", &count) || count < 1) return fail(call, CH_E_CONFIG, "\"count\" is how far to count: at least 1.");
  settings_integer(settings, "pause_ms", &pause);
  for (int64_t number = 1; number <= count; number++) {
    int32_t status = wait_or_cancel(call, (int)pause);
    if (status != CH_OK) return status;
    run->count(run, "numbers.counted", 1);
    call->progress(call, "rows", number, count, "counting");
  }
  char text[96];
  int length = snprintf(text, sizeof text, "{\"counted\":%lld,\"dry_run\":%s}", (long long)count, run->dry_run ? "true" : "false");
  if (!run->dry_run) {
    int32_t status = run->state_put(run, "last", text);
    if (status != CH_OK) return fail(call, status, "The host could not remember how far was counted.");
  }
  return result.put(result.ctx, text, (size_t)length);
}

/* What the schema cannot say of the settings: every problem at once, [] when there is none. */
static int32_t validate(const ch_call *call, const char *settings, ch_sink out) {
  (void)call;
  int64_t count = 0, pause = 0;
  const char *problems = "[]";
  if (settings_integer(settings, "count", &count) && settings_integer(settings, "pause_ms", &pause) && count > 0 && pause > 86400000 / count)
    problems = "[{\"path\":\"/pause_ms\",\"severity\":\"warning\",\"code\":\"long\",\"message\":\"Counting so far with such pauses takes more than a day.\"}]";
  return out.put(out.ctx, problems, strlen(problems));
}

/* ---------------------------------------------------------------- who this is */

static const char settings_schema[] =
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"count\"],\"properties\":{"
  "\"count\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000000,\"title\":\"Count\",\"x-order\":0,\"description\":\"How far to count.\"},"
  "\"pause_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":60000,\"default\":0,\"title\":\"Pause\",\"x-order\":1,"
  "\"description\":\"Milliseconds to wait before each number; none when left out.\"}}}";

static const char *const aliases[] = { "{{name}}", NULL };

static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_JOB, .status = CH_STATUS_EXPERIMENTAL, .features = CH_JF_DRY_RUN | CH_JF_IDEMPOTENT,
  .id = "{{id}}", .name = "{{title}}", .version = "0.1.0", .vendor = "Example", .license = "Apache-2.0",
  .docs_url = "", .summary = "Counts.", .aliases = aliases, .config_schema = settings_schema,
  .examples = "[{\"title\":\"To ten\",\"config\":{\"count\":10}}]",
};

static const ch_job job = { .struct_size = sizeof job, .run = run };

static const ch_connector connector = { .struct_size = sizeof connector, .descriptor = &descriptor, .validate = validate, .iface = &job };

static const ch_connector *const connectors[] = { &connector };

static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "C11", .count = 1, .connectors = connectors,
};

/* The one symbol that the host looks for. */
const ch_library *connecthost_library_v1(const ch_host *host) {
  return host->abi_version >> 16 == CH_ABI_MAJOR ? &library : NULL;
}

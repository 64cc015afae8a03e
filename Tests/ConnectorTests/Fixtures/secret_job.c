/* A job kind with a secret that says whether the right one has come, and is careless enough to say it aloud. */
#include <connecthost_plugin.h>

#include <stdio.h>
#include <string.h>

static int32_t run(const ch_call *call, const ch_run *run, const char *settings, ch_sink result) {
  char text[512];
  int is_right = strstr(settings, "\"token\":\"seed-7f3a91\"") != NULL;
  call->log(call, CH_LOG_INFO, settings, NULL);
  if (strstr(settings, "\"fail\":true") != NULL) {
    call->set_error(call, CH_E_AUTH, "The token seed-7f3a91 was refused.", NULL, 0);
    return CH_E_AUTH;
  }
  if (!run->dry_run) run->count(run, is_right ? "rows.sent" : "rows.rejected", 1);
  int length = snprintf(text, sizeof text, "{\"told\":\"%s\"}", is_right ? "seed-7f3a91" : "nothing");
  return result.put(result.ctx, text, (size_t)length);
}

static int32_t validate(const ch_call *call, const char *settings, ch_sink out) {
  (void)call;
  const char *problems = strstr(settings, "\"token\":\"seed-7f3a91\"") != NULL
    ? "[]" : "[{\"path\":\"/token\",\"severity\":\"error\",\"code\":\"token\",\"message\":\"The token is not the right one.\"}]";
  return out.put(out.ctx, problems, strlen(problems));
}

static const char schema[] =
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"token\"],\"properties\":{"
  "\"token\":{\"type\":\"string\",\"writeOnly\":true,\"title\":\"Token\",\"x-order\":0,\"description\":\"What lets us in.\"},"
  "\"fail\":{\"type\":\"boolean\",\"default\":false,\"title\":\"Fail\",\"x-order\":1,\"description\":\"Whether to fail.\"}}}";

static const char *const aliases[] = { "secret-job", NULL };

static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_JOB, .features = CH_JF_DRY_RUN | CH_JF_IDEMPOTENT, .id = "com.example.secret-job", .name = "Secret job",
  .version = "1.0.0", .vendor = "Tests", .license = "Apache-2.0", .docs_url = "", .summary = "Needs a secret.", .aliases = aliases, .config_schema = schema,
  .examples = "[]",
};
static const ch_job job = { .struct_size = sizeof job, .run = run };
static const ch_connector connector = { .struct_size = sizeof connector, .descriptor = &descriptor, .validate = validate, .iface = &job };
static const ch_connector *const connectors[] = { &connector };
static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "C11", .count = 1, .connectors = connectors,
};

const ch_library *connecthost_library_v1(const ch_host *host) { return host->abi_version >> 16 == CH_ABI_MAJOR ? &library : NULL; }

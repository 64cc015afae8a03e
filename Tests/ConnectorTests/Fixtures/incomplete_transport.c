/* A transport without the functions that write. */
#include "minimal_transport.h"

static ch_transport transport;
static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_TRANSPORT, .id = "com.example.incomplete", .name = "Incomplete", .version = "1.0.0",
  .vendor = "", .license = "", .docs_url = "", .summary = "", .config_schema = "{}",
};
static const ch_connector connector = { .struct_size = sizeof connector, .descriptor = &descriptor, .iface = &transport };
static const ch_connector *const connectors[] = { &connector };
static const ch_library library = { .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "", .count = 1, .connectors = connectors };

const ch_library *connecthost_library_v1(const ch_host *host) {
  (void)host;
  transport = minimal_transport;
  transport.write = NULL;
  transport.commit = NULL;
  return &library;
}

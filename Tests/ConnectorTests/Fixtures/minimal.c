/* A connector that loads, and what each -D makes wrong with it. */
#include "minimal_transport.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef ID
#define ID "com.example.minimal"
#endif
#ifndef SCHEMA
#define SCHEMA "{\"type\":\"object\",\"properties\":{}}"
#endif
#ifndef DESCRIPTOR_SIZE
#define DESCRIPTOR_SIZE sizeof(ch_descriptor)
#endif
#ifndef KIND
#define KIND CH_KIND_TRANSPORT
#endif
#ifndef ABI
#define ABI CH_ABI_VERSION
#endif
#ifndef IN_ENTRY
#define IN_ENTRY (void)0
#endif

static const ch_descriptor descriptor = {
  .struct_size = DESCRIPTOR_SIZE, .kind = KIND, .id = ID, .name = "Minimal", .version = "1.0.0", .vendor = "Example", .license = "Apache-2.0",
  .docs_url = "", .summary = "Does nothing.", .config_schema = SCHEMA,
};
static const ch_connector connector = { .struct_size = sizeof connector, .descriptor = &descriptor, .iface = &minimal_transport };
static const ch_connector *const connectors[] = { &connector };
static const ch_library library = {
  .struct_size = sizeof library, .abi_version = ABI, .build = "fixture", .count = 1, .connectors = connectors,
};

const ch_library *connecthost_library_v1(const ch_host *host) {
  (void)host;
  IN_ENTRY;
  return &library;
}

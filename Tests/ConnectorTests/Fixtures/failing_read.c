/* The example transport, but reading a file that lies beside one called "fail" does FAILURE. Where there is a named pipe "started",
 * it is opened first, so that whoever reads from it knows that the call is under way. */
#define connecthost_library_v1 example_library
#include "../../../Examples/c-transport/directory_transport.c"
#undef connecthost_library_v1

#include <poll.h>

__attribute__((unused)) static void wait_for_cancel(const ch_call *call) {
  struct pollfd cancelled = { .fd = call->cancel_fd, .events = POLLIN };
  poll(&cancelled, 1, -1);
}

static int64_t failing_read(ch_file *file, const ch_call *call, void *buffer, size_t capacity) {
  if (faccessat(file->parent, "fail", F_OK, 0) != 0) return transport_read(file, call, buffer, capacity);
  int started = openat(file->parent, "started", O_WRONLY | O_CLOEXEC);
  if (started >= 0) close(started);
  FAILURE;
  return CH_E_INTERNAL;
}

__attribute__((visibility("default"))) const ch_library *connecthost_library_v1(const ch_host *host) {
  static ch_transport failing;
  static ch_descriptor named;
  static ch_connector renamed;
  static const ch_connector *const renamed_connectors[] = { &renamed };
  static ch_library changed;
  failing = transport;
  failing.read = failing_read;
  named = descriptor;
  named.id = "com.example.failing";
  named.aliases = NULL;
  renamed = connector;
  renamed.descriptor = &named;
  renamed.iface = &failing;
  changed = *example_library(host);
  changed.connectors = renamed_connectors;
  return &changed;
}

/* A connector of a later major: its entry has another name. */
__attribute__((visibility("default"))) const void *connecthost_library_v2(const void *host) { return host; }

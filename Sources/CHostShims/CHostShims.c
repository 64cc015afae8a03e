#define _GNU_SOURCE
#include "CHostShims.h"
#include <dlfcn.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/eventfd.h>

const char *chs_file_of_symbol(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 ? info.dli_fname : NULL;
}

int chs_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

size_t chs_heap_in_use(void) {
  struct mallinfo2 facts = mallinfo2();
  return facts.uordblks + facts.hblkhd;
}

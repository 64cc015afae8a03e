#define _GNU_SOURCE
#include "CHostShims.h"
#include <dlfcn.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

const char *chs_file_of_symbol(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 ? info.dli_fname : NULL;
}

int chs_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

size_t chs_heap_in_use(void) {
  struct mallinfo2 facts = mallinfo2();
  return facts.uordblks + facts.hblkhd;
}

int chs_keep_memory_private(void) {
  struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -1;
}

void chs_trim_heap(void) { malloc_trim(0); }

#define _GNU_SOURCE
#include "CHostShims.h"
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u
#endif

typedef struct library { uintptr_t base, begin, end; } library;

/* Where the parts of the library lie, from its program headers. */
static int find_parts(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  library *library = context;
  uintptr_t begin = UINTPTR_MAX, end = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uintptr_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (first < begin) begin = first;
    if (first + info->dlpi_phdr[i].p_memsz > end) end = first + info->dlpi_phdr[i].p_memsz;
  }
  if (library->base < begin || library->base >= end) return 0;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  library->begin = begin & ~(page - 1);
  library->end = (end + page - 1) & ~(page - 1);
  return 1;
}

typedef struct part { uintptr_t begin, end; int rights; } part;
enum { MOST_PARTS = 64 };

/* The library's mappings that have a file behind them and can be read; -1 where /proc does not tell. */
static int file_parts(const library *library, part *parts) {
  FILE *maps = fopen("/proc/self/maps", "re");
  if (!maps) return -1;
  int count = 0;
  char line[4352];
  while (count < MOST_PARTS && fgets(line, sizeof line, maps)) {
    uintptr_t begin, end;
    unsigned long inode;
    char rights[5];
    if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu", &begin, &end, rights, &inode) != 4) continue;
    if (begin < library->begin || end > library->end || inode == 0 || rights[0] != 'r') continue;
    parts[count++] = (part){ begin, end, PROT_READ | (rights[1] == 'w' ? PROT_WRITE : 0) | (rights[2] == 'x' ? PROT_EXEC : 0) };
  }
  fclose(maps);
  return count;
}

static int open_memory(void) {
  int memory = memfd_create("connector", MFD_CLOEXEC | MFD_EXEC);
  return memory < 0 && errno == EINVAL ? memfd_create("connector", MFD_CLOEXEC) : memory; /* kernels before 6.3 */
}

/* A copy in memory takes the place of the part in one step, and is never writable and executable at once. */
static int detach(const part *part) {
  int memory = open_memory();
  if (memory < 0) return errno;
  int failed = 0;
  size_t size = part->end - part->begin, done = 0;
  while (done < size && !failed) {
    ssize_t count = write(memory, (const char *)part->begin + done, size - done);
    if (count > 0) done += (size_t)count;
    else if (count == 0 || errno != EINTR) failed = count == 0 ? EIO : errno;
  }
  if (!failed && mmap((void *)part->begin, size, part->rights, MAP_PRIVATE | MAP_FIXED, memory, 0) == MAP_FAILED) failed = errno;
  close(memory);
  return failed;
}

int chs_detach_library(const void *address) {
  library library = { .base = (uintptr_t)address };
  part parts[MOST_PARTS];
  if (!dl_iterate_phdr(find_parts, &library)) return ENOENT;
  int count = file_parts(&library, parts);
  if (count < 0) return errno;
  for (int i = 0; i < count; i++) {
    int failed = detach(&parts[i]);
    if (failed) return failed;
  }
  return 0;
}

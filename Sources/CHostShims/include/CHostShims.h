#ifndef CHOSTSHIMS_H
#define CHOSTSHIMS_H
#include <stddef.h>
/* What Swift cannot see of the C library. */

/* dladdr needs _GNU_SOURCE, which Swift's Glibc module does not set: the path of the file that `address` was loaded from, or NULL. */
const char *chs_file_of_symbol(const void *address);

/* A close-on-exec, non-blocking event descriptor, or -1; <sys/eventfd.h> is in no Swift module. */
int chs_eventfd(void);

/* Bytes taken from the heap and not given back; <malloc.h> is in no Swift module. */
size_t chs_heap_in_use(void);

/* Gives whole free pages of the heap back to the system. */
void chs_trim_heap(void);

/* From now on this process leaves no core file, and other processes of its user may neither trace it nor read its memory and environment
   below /proc. Ends with an exec. 0, or -1 where the kernel refuses. prctl takes variable arguments, which Swift cannot pass. */
int chs_keep_memory_private(void);

/* Copies the loaded pages of the library that `address` lies in out of its file, each in its place and with its rights, so that nothing that is done to
   the file any more reaches this process. To be called before the library has threads. 0, or an errno; then the pages that were not
   copied stay the file's. */
int chs_detach_library(const void *address);

#endif

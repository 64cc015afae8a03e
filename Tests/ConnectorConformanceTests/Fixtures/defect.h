/* Which defect -DDEFECT=name asks for; the fixtures change what they include accordingly. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#ifndef DEFECT
#define DEFECT none
#endif
static int has(const char *name) { return strcmp(TEXT(DEFECT), name) == 0; }
static void *sleep_forever(void *unused) { (void)unused; for (;;) pause(); return NULL; }
static inline void start_thread(void) { pthread_t thread; pthread_create(&thread, NULL, sleep_forever, NULL); }

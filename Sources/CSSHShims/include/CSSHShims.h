/* System calls that Swift's Glibc module leaves out because they need _GNU_SOURCE. */
#ifndef CSSHSHIMS_H
#define CSSHSHIMS_H

#include <spawn.h>

/* pipe2(ends, O_CLOEXEC): both ends are closed in programs that other threads start meanwhile. 0, or -1 with errno. */
int ch_ssh_pipe(int ends[2]);

/* F_SETPIPE_SZ; a refusal only costs speed. */
void ch_ssh_set_pipe_size(int descriptor, int bytes);

/* posix_spawn_file_actions_addclosefrom_np. 0, or an error number. */
int ch_ssh_close_from(posix_spawn_file_actions_t *actions, int first);

/* POSIX_SPAWN_SETSID with signal mask and default handlers set: the child has no terminal to ask on. 0, or an error number. */
int ch_ssh_set_spawn_flags(posix_spawnattr_t *attributes);

#endif

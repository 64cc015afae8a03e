#define _GNU_SOURCE
#include "CSSHShims.h"

#include <fcntl.h>
#include <unistd.h>

int ch_ssh_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

void ch_ssh_set_pipe_size(int descriptor, int bytes) {
    (void)fcntl(descriptor, F_SETPIPE_SZ, bytes);
}

int ch_ssh_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int ch_ssh_set_spawn_flags(posix_spawnattr_t *attributes) {
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

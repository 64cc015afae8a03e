#include "watcher.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { AGAIN_MILLISECONDS = 100 };

struct watcher {
  session *session;
  pthread_t thread;
  int cancel_fd; /* the host's */
  int wake_fd;
  atomic_int is_cancelled, is_stopped;
};

static void cancel_driver(session *session) {
  const struct AdbcDriver *driver = &session->driver;
  struct AdbcError error = { 0 };
  adbc_status code = driver->StatementCancel ? driver->StatementCancel(&session->statement, &error) : ADBC_NOT_IMPLEMENTED;
  if (error.release) error.release(&error);
  error = (struct AdbcError){ 0 };
  if (code == ADBC_NOT_IMPLEMENTED && driver->ConnectionCancel) driver->ConnectionCancel(&session->connection, &error);
  if (error.release) error.release(&error);
}

/* Once cancelled, asks again and again: a cancel that comes before the driver began to wait is lost on it. */
static void *watch(void *context) {
  struct watcher *watcher = context;
  while (!atomic_load(&watcher->is_stopped)) {
    int is_cancelled = atomic_load(&watcher->is_cancelled);
    struct pollfd fds[] = { { .fd = watcher->wake_fd, .events = POLLIN }, { .fd = is_cancelled ? -1 : watcher->cancel_fd, .events = POLLIN } };
    poll(fds, 2, is_cancelled ? AGAIN_MILLISECONDS : -1);
    uint64_t count;
    if (fds[0].revents & POLLIN && read(watcher->wake_fd, &count, sizeof count) < 0) continue;
    if (fds[1].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) atomic_store(&watcher->is_cancelled, 1);
    if (atomic_load(&watcher->is_cancelled) && !atomic_load(&watcher->is_stopped)) cancel_driver(watcher->session);
  }
  return NULL;
}

struct watcher *watcher_start(session *session, const ch_call *call) {
  struct watcher *watcher = calloc(1, sizeof *watcher);
  if (!watcher) return NULL;
  watcher->session = session;
  watcher->cancel_fd = call->cancel_fd;
  watcher->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the host's threads */
  int failed = watcher->wake_fd < 0 || pthread_create(&watcher->thread, NULL, watch, watcher) != 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!failed) return watcher;
  if (watcher->wake_fd >= 0) close(watcher->wake_fd);
  free(watcher);
  return NULL;
}

static void wake(struct watcher *watcher) {
  uint64_t one = 1;
  if (write(watcher->wake_fd, &one, sizeof one) < 0) return; /* full: it is awake already */
}

void watcher_cancel(struct watcher *watcher) {
  if (!watcher) return;
  atomic_store(&watcher->is_cancelled, 1);
  wake(watcher);
}

void watcher_stop(struct watcher *watcher) {
  if (!watcher) return;
  atomic_store(&watcher->is_stopped, 1);
  wake(watcher);
  pthread_join(watcher->thread, NULL);
  close(watcher->wake_fd);
  free(watcher);
}

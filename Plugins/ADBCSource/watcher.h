/* A thread that hands the host's wish to cancel on to the driver, whose calls block. */
#pragma once
#include "session.h"

/* Watches from now on; the session has a statement until watcher_stop. NULL when no thread can be had. */
struct watcher *watcher_start(session *session, const ch_call *call);
/* Any thread, without waiting. */
void watcher_cancel(struct watcher *watcher);
/* Ends and joins the thread; NULL is fine. */
void watcher_stop(struct watcher *watcher);

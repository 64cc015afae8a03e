/* One database, connection and statement of a driver. */
#pragma once
#include "driver.h"

typedef struct session {
  settings settings;
  struct AdbcDriver driver;
  struct AdbcDatabase database;
  struct AdbcConnection connection;
  struct AdbcStatement statement;
  int has_database, has_connection, has_statement;
  struct watcher *watcher;
} session;

/* Reads the settings, loads the driver and connects. CH_OK, or a status with set_error called; session_close follows in both cases. A cancelled
 * call ends what the driver is doing, where the driver can. */
int32_t session_open(session *session, const ch_call *call, const char *config_json);
/* Releases whatever was opened, in the right order. Fails for nobody. */
void session_close(session *session);

/* Runs SQL, at most once a session: the rows as the driver gives them. */
int32_t session_execute(session *session, const ch_call *call, const char *sql, struct ArrowArrayStream *out);
/* The schema of SQL; without running it where the driver can tell. At most once a session. */
int32_t session_schema(session *session, const ch_call *call, const char *sql, struct ArrowSchema *out);

/* Reports a failed call of the driver and releases the error. what: a sentence's beginning, with its colon. Returns the status. */
int32_t session_fail(const session *session, const ch_call *call, adbc_status code, struct AdbcError *error, const char *what);
/* The same for a stream that returned an errno. */
int32_t session_fail_stream(const session *session, const ch_call *call, struct ArrowArrayStream *stream, int code, const char *what);

/* Ends what the driver is doing, from any thread and without waiting. */
void session_cancel(session *session);

#include "session.h"
#include "watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- errors */

/* SQLSTATE's class is finer than ADBC's code where a driver gives it. */
static int32_t status_of_sqlstate(const char *state) {
  if (memcmp(state, "28", 2) == 0) return CH_E_AUTH;
  if (memcmp(state, "42501", 5) == 0) return CH_E_PERMISSION;
  if (memcmp(state, "42", 2) == 0 || memcmp(state, "3D", 2) == 0) return CH_E_CONFIG;
  if (memcmp(state, "57014", 5) == 0) return CH_E_CANCELLED;
  if (memcmp(state, "08", 2) == 0 || memcmp(state, "40", 2) == 0 || memcmp(state, "53", 2) == 0 || memcmp(state, "57", 2) == 0) return CH_E_TRANSIENT;
  if (memcmp(state, "22", 2) == 0) return CH_E_DATA;
  return CH_OK;
}

static int32_t status_of_code(adbc_status code) {
  switch (code) {
    case ADBC_NOT_FOUND: return CH_E_NOT_FOUND;
    case ADBC_INVALID_ARGUMENT: case ADBC_ALREADY_EXISTS: return CH_E_CONFIG;
    case ADBC_INVALID_DATA: case ADBC_INTEGRITY: return CH_E_DATA;
    case ADBC_IO: return CH_E_TRANSIENT;
    case ADBC_CANCELLED: return CH_E_CANCELLED;
    case ADBC_TIMEOUT: return CH_E_TIMEOUT;
    case ADBC_UNAUTHENTICATED: return CH_E_AUTH;
    case ADBC_UNAUTHORIZED: return CH_E_PERMISSION;
    case ADBC_NOT_IMPLEMENTED: return CH_E_UNSUPPORTED;
    default: return CH_E_INTERNAL;
  }
}

static int32_t status_of(adbc_status code, const struct AdbcError *error, const char *message, const ch_call *call) {
  if (call->is_cancelled(call)) return CH_E_CANCELLED;
  int32_t status = error && error->sqlstate[0] ? status_of_sqlstate(error->sqlstate) : CH_OK;
  if (status != CH_OK) return status;
  /* Refused credentials come as a failed connection from some drivers; trying them again can lock an account. */
  if (code == ADBC_IO && message && strstr(message, "authentication failed")) return CH_E_AUTH;
  return status_of_code(code);
}

int32_t session_fail(const session *session, const ch_call *call, adbc_status code, struct AdbcError *error, const char *what) {
  const char *message = error->message && *error->message ? error->message : "the driver gave no reason.";
  int32_t status = fail(call, &session->settings, status_of(code, error, message, call), what, message, NULL);
  if (error->release) error->release(error);
  return status;
}

int32_t session_fail_stream(const session *session, const ch_call *call, struct ArrowArrayStream *stream, int code, const char *what) {
  const char *message = stream->get_last_error ? stream->get_last_error(stream) : NULL;
  adbc_status told = code == ECANCELED ? ADBC_CANCELLED : code == ETIMEDOUT ? ADBC_TIMEOUT : code == EINVAL ? ADBC_INVALID_DATA
    : code == ENOMEM || code == EIO || code == ECONNRESET ? ADBC_IO : ADBC_INTERNAL;
  const struct AdbcError *error = session->driver.ErrorFromArrayStream ? session->driver.ErrorFromArrayStream(stream, &told) : NULL;
  return fail(call, &session->settings, status_of(told, error, message, call), what, message ? message : strerror(code), NULL);
}

/* ---------------------------------------------------------------- opening */

/* Where an option belongs is said before its key; without that it is the database's. */
typedef struct option_target { session *session; const ch_call *call; const char *prefix; } option_target;

static int32_t set_option(void *context, const char *key, const char *value) {
  option_target *target = context;
  session *session = target->session;
  static const char *const prefixes[] = { "connection:", "statement:" };
  const char *prefix = "";
  for (size_t i = 0; i < 2; i++) if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0) prefix = prefixes[i];
  if (strcmp(prefix, target->prefix) != 0) return CH_OK;
  const char *name = key + strlen(prefix);
  struct AdbcError error = { 0 };
  adbc_status code = *prefix == 'c' ? session->driver.ConnectionSetOption(&session->connection, name, value, &error)
    : *prefix == 's' ? session->driver.StatementSetOption(&session->statement, name, value, &error)
    : session->driver.DatabaseSetOption(&session->database, name, value, &error);
  if (code == ADBC_OK) return CH_OK;
  session_fail(session, target->call, code, &error, "The ADBC driver refused an option: ");
  return fail(target->call, &session->settings, CH_E_CONFIG, "The ADBC driver refused the option \"", key,
      "\": it does not know it or not this value.");
}

static int32_t set_options(session *session, const ch_call *call, const char *prefix) {
  option_target target = { session, call, prefix };
  return settings_each_option(&session->settings, call, set_option, &target);
}

static int32_t set_database(session *session, const ch_call *call, const char *key, const char *value, int *is_unknown) {
  if (!value || *is_unknown) return CH_OK;
  struct AdbcError error = { 0 };
  adbc_status code = session->driver.DatabaseSetOption(&session->database, key, value, &error);
  if (code == ADBC_OK) return CH_OK;
  if (code == ADBC_NOT_IMPLEMENTED && strcmp(key, "uri") != 0) {
    *is_unknown = 1;
    if (error.release) error.release(&error);
    return CH_OK;
  }
  return session_fail(session, call, code, &error, "The ADBC driver refused a setting: ");
}

/* Some drivers take user and password as options, others only inside the URI. */
static int32_t set_credentials(session *session, const ch_call *call) {
  settings *settings = &session->settings;
  int is_unknown = 0;
  int32_t status = set_database(session, call, "username", settings->username, &is_unknown);
  if (status == CH_OK) status = set_database(session, call, "password", settings->password, &is_unknown);
  if (status != CH_OK) return status;
  const char *uri = is_unknown ? settings_uri_with_user(settings) : settings->uri;
  if (is_unknown && !uri)
    return fail(call, settings, CH_E_CONFIG, "The ADBC driver takes user and password only inside a URI such as scheme://host/database: give one in \"uri\".", NULL, NULL);
  is_unknown = 0;
  return set_database(session, call, "uri", uri, &is_unknown);
}

static int32_t open_database(session *session, const ch_call *call) {
  struct AdbcError error = { 0 };
  adbc_status code = session->driver.DatabaseNew(&session->database, &error);
  if (code != ADBC_OK) return session_fail(session, call, code, &error, "The ADBC driver could not begin: ");
  session->has_database = 1;
  int32_t status = set_credentials(session, call);
  if (status == CH_OK) status = set_options(session, call, "");
  if (status != CH_OK) return status;
  code = session->driver.DatabaseInit(&session->database, &error);
  return code == ADBC_OK ? CH_OK : session_fail(session, call, code, &error, "The database could not be opened: ");
}

static int32_t open_connection(session *session, const ch_call *call) {
  struct AdbcError error = { 0 };
  adbc_status code = session->driver.ConnectionNew(&session->connection, &error);
  if (code != ADBC_OK) return session_fail(session, call, code, &error, "The ADBC driver could not begin: ");
  session->has_connection = 1;
  int32_t status = set_options(session, call, "connection:");
  if (status != CH_OK) return status;
  code = session->driver.ConnectionInit(&session->connection, &session->database, &error);
  return code == ADBC_OK ? CH_OK : session_fail(session, call, code, &error, "The connection to the database failed: ");
}

int32_t session_open(session *session, const ch_call *call, const char *config_json) {
  memset(session, 0, sizeof *session);
  int32_t status = settings_read(&session->settings, call, config_json);
  if (status == CH_OK) status = driver_load(&session->settings, call, &session->driver);
  if (status == CH_OK) status = open_database(session, call);
  if (status == CH_OK) status = open_connection(session, call);
  return status;
}

void session_close(session *session) {
  watcher_stop(session->watcher);
  struct AdbcDriver *driver = &session->driver;
  struct AdbcError error = { 0 };
  if (session->has_statement) driver->StatementRelease(&session->statement, &error);
  if (error.release) error.release(&error);
  error = (struct AdbcError){ 0 };
  if (session->has_connection) driver->ConnectionRelease(&session->connection, &error);
  if (error.release) error.release(&error);
  error = (struct AdbcError){ 0 };
  if (session->has_database) driver->DatabaseRelease(&session->database, &error);
  if (error.release) error.release(&error);
  if (driver->release) driver->release(driver, NULL);
  settings_free(&session->settings);
  memset(session, 0, sizeof *session);
}

/* ---------------------------------------------------------------- statements */

static int32_t prepare(session *session, const ch_call *call, const char *sql) {
  struct AdbcError error = { 0 };
  adbc_status code = session->driver.StatementNew(&session->connection, &session->statement, &error);
  if (code != ADBC_OK) return session_fail(session, call, code, &error, "The ADBC driver could not begin: ");
  session->has_statement = 1;
  int32_t status = set_options(session, call, "statement:");
  if (status != CH_OK) return status;
  code = session->driver.StatementSetSqlQuery(&session->statement, sql, &error);
  if (code != ADBC_OK) return session_fail(session, call, code, &error, "The query was refused: ");
  session->watcher = watcher_start(session, call);
  return session->watcher ? CH_OK : fail(call, NULL, CH_E_TRANSIENT, "No thread could be started that watches for cancelling.", NULL, NULL);
}

static int32_t execute(session *session, const ch_call *call, struct ArrowArrayStream *out) {
  struct AdbcError error = { 0 };
  int64_t rows = -1;
  memset(out, 0, sizeof *out);
  adbc_status code = session->driver.StatementExecuteQuery(&session->statement, out, &rows, &error);
  if (code != ADBC_OK) return session_fail(session, call, code, &error, "The query failed: ");
  return out->release ? CH_OK : fail(call, &session->settings, CH_E_CONFIG, "The query gave no rows: it must be one that selects.", NULL, NULL);
}

int32_t session_execute(session *session, const ch_call *call, const char *sql, struct ArrowArrayStream *out) {
  int32_t status = prepare(session, call, sql);
  return status == CH_OK ? execute(session, call, out) : status;
}

int32_t session_schema(session *session, const ch_call *call, const char *sql, struct ArrowSchema *out) {
  memset(out, 0, sizeof *out);
  int32_t status = prepare(session, call, sql);
  if (status != CH_OK) return status;
  struct AdbcError error = { 0 };
  adbc_status code = session->driver.StatementExecuteSchema ? session->driver.StatementExecuteSchema(&session->statement, out,
      &error) : ADBC_NOT_IMPLEMENTED;
  if (code == ADBC_OK && out->release) return CH_OK;
  if (code != ADBC_OK && code != ADBC_NOT_IMPLEMENTED) return session_fail(session, call, code, &error, "The query failed: ");
  if (error.release) error.release(&error);
  struct ArrowArrayStream rows;
  if ((status = execute(session, call, &rows)) != CH_OK) return status;
  int failed = rows.get_schema(&rows, out);
  if (failed) status = session_fail_stream(session, call, &rows, failed, "The columns could not be read: ");
  rows.release(&rows);
  return status;
}

void session_cancel(session *session) { watcher_cancel(session->watcher); }

/* What of ADBC (Arrow Database Connectivity) this connector uses, declared from its public specification, versions 1.0.0 and 1.1.0:
 * https://arrow.apache.org/adbc/current/format/specification.html. Only layout and numbers; a driver fills the table in AdbcDriverInit. */
#pragma once
#include <connecthost_plugin.h>

typedef uint8_t adbc_status;
enum {
  ADBC_OK = 0, ADBC_UNKNOWN, ADBC_NOT_IMPLEMENTED, ADBC_NOT_FOUND, ADBC_ALREADY_EXISTS, ADBC_INVALID_ARGUMENT, ADBC_INVALID_STATE,
  ADBC_INVALID_DATA, ADBC_INTEGRITY, ADBC_INTERNAL, ADBC_IO, ADBC_CANCELLED, ADBC_TIMEOUT, ADBC_UNAUTHENTICATED, ADBC_UNAUTHORIZED,
};
enum { ADBC_1_0 = 1000000, ADBC_1_1 = 1001000, ADBC_DEPTH_TABLES = 3 };

struct AdbcDriver;
/* The last two fields came with 1.1; a driver touches them only when vendor_code is INT32_MIN on the way in. */
struct AdbcError {
  char *message;
  int32_t vendor_code;
  char sqlstate[5];
  void (*release)(struct AdbcError *);
  void *private_data;
  struct AdbcDriver *private_driver;
};
struct AdbcDatabase { void *private_data; struct AdbcDriver *private_driver; };
struct AdbcConnection { void *private_data; struct AdbcDriver *private_driver; };
struct AdbcStatement { void *private_data; struct AdbcDriver *private_driver; };

typedef void (*adbc_unused)(void); /* a function of the table that this connector never calls */

struct AdbcDriver {
  void *private_data;
  void *private_manager;
  adbc_status (*release)(struct AdbcDriver *, struct AdbcError *);

  adbc_status (*DatabaseInit)(struct AdbcDatabase *, struct AdbcError *);
  adbc_status (*DatabaseNew)(struct AdbcDatabase *, struct AdbcError *);
  adbc_status (*DatabaseSetOption)(struct AdbcDatabase *, const char *key, const char *value, struct AdbcError *);
  adbc_status (*DatabaseRelease)(struct AdbcDatabase *, struct AdbcError *);

  adbc_unused ConnectionCommit;
  adbc_unused ConnectionGetInfo;
  adbc_status (*ConnectionGetObjects)(struct AdbcConnection *, int depth, const char *catalog, const char *schema, const char *table,
                                      const char **table_types, const char *column, struct ArrowArrayStream *, struct AdbcError *);
  adbc_unused ConnectionGetTableSchema;
  adbc_unused ConnectionGetTableTypes;
  adbc_status (*ConnectionInit)(struct AdbcConnection *, struct AdbcDatabase *, struct AdbcError *);
  adbc_status (*ConnectionNew)(struct AdbcConnection *, struct AdbcError *);
  adbc_status (*ConnectionSetOption)(struct AdbcConnection *, const char *key, const char *value, struct AdbcError *);
  adbc_unused ConnectionReadPartition;
  adbc_status (*ConnectionRelease)(struct AdbcConnection *, struct AdbcError *);
  adbc_unused ConnectionRollback;

  adbc_unused StatementBind;
  adbc_unused StatementBindStream;
  adbc_status (*StatementExecuteQuery)(struct AdbcStatement *, struct ArrowArrayStream *, int64_t *rows, struct AdbcError *);
  adbc_unused StatementExecutePartitions;
  adbc_unused StatementGetParameterSchema;
  adbc_status (*StatementNew)(struct AdbcConnection *, struct AdbcStatement *, struct AdbcError *);
  adbc_unused StatementPrepare;
  adbc_status (*StatementRelease)(struct AdbcStatement *, struct AdbcError *);
  adbc_status (*StatementSetOption)(struct AdbcStatement *, const char *key, const char *value, struct AdbcError *);
  adbc_status (*StatementSetSqlQuery)(struct AdbcStatement *, const char *sql, struct AdbcError *);
  adbc_unused StatementSetSubstraitPlan;

  /* From here on 1.1.0: all NULL in a driver of 1.0. */
  adbc_unused ErrorGetDetailCount;
  adbc_unused ErrorGetDetail;
  const struct AdbcError *(*ErrorFromArrayStream)(struct ArrowArrayStream *, adbc_status *);
  adbc_unused DatabaseOptions[7]; /* GetOption, -Bytes, -Double, -Int, SetOptionBytes, -Double, -Int */
  adbc_status (*ConnectionCancel)(struct AdbcConnection *, struct AdbcError *);
  adbc_unused ConnectionGetOptions[4];
  adbc_unused ConnectionStatistics[2];
  adbc_unused ConnectionSetOptions[3];
  adbc_status (*StatementCancel)(struct AdbcStatement *, struct AdbcError *);
  adbc_status (*StatementExecuteSchema)(struct AdbcStatement *, struct ArrowSchema *, struct AdbcError *);
  adbc_unused StatementOptions[7];
};

typedef adbc_status (*adbc_driver_init)(int version, void *driver, struct AdbcError *);

/* Finding, checking and loading a driver, under the rules by which the host loads connectors: absolute path, nobody else could have changed the
 * file, entry from the file itself, never closed. */
#include "driver.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---------------------------------------------------------------- the file */

/* The real path of the driver in `path` (PATH_MAX bytes). */
static int32_t find_file(const settings *settings, const ch_call *call, char *path) {
  const char *name = settings->driver, *directory = settings->driver_directory;
  if (name[0] == '/')
    return realpath(name, path) ? CH_OK : fail(call, settings, CH_E_CONFIG, "There is no ADBC driver at ", name, ": correct the setting \"driver\".");
  if (strchr(name, '/')) return fail(call, settings, CH_E_CONFIG, "The driver \"", name, "\" is a relative path: give the absolute one.");
  if (!directory || directory[0] != '/')
    return fail(call, settings, CH_E_CONFIG, "The driver \"", name,
        "\" is a bare name: give its absolute path, or an absolute \"driver_directory\".");
  static const char *const forms[] = { "%s/%s", "%s/%s.so", "%s/lib%s.so", "%s/libadbc_driver_%s.so" };
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    char candidate[PATH_MAX];
    int length = snprintf(candidate, sizeof candidate, forms[i], directory, name);
    if (length > 0 && (size_t)length < sizeof candidate && access(candidate, F_OK) == 0 && realpath(candidate, path)) return CH_OK;
  }
  fail(call, settings, CH_E_CONFIG, "There is no ADBC driver \"", name,
      "\" in the driver directory (tried NAME, NAME.so, libNAME.so and libadbc_driver_NAME.so).");
  return CH_E_CONFIG;
}

/* Whether others than root and this user could put something else there. A sticky directory lets only owners rename. */
static int is_open_to_others(const struct stat *found) {
  if (found->st_uid != 0 && found->st_uid != geteuid()) return 1;
  if (S_ISDIR(found->st_mode) && found->st_mode & S_ISVTX) return 0;
  return (found->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static int32_t check_file(const settings *settings, const ch_call *call, const char *path) {
  char part[PATH_MAX];
  struct stat found;
  if (stat(path, &found) != 0 || !S_ISREG(found.st_mode)) return fail(call, settings, CH_E_CONFIG, "The ADBC driver ", path, " is not a file.");
  snprintf(part, sizeof part, "%s", path);
  for (;;) {
    if (stat(part, &found) != 0) return fail(call, settings, CH_E_CONFIG, part, ": ", strerror(errno));
    if (is_open_to_others(&found))
      return fail(call, settings, CH_E_CONFIG, "The ADBC driver is not loaded because others could change ", part,
                  ": it must belong to root or to the user that runs connecthost, and not be writable by group or others (chmod go-w).");
    char *slash = strrchr(part, '/');
    if (!slash || part[1] == 0) return CH_OK;
    slash[slash == part] = 0;
  }
}

/* ---------------------------------------------------------------- the entry */

/* The name that drivers derive from their file: libadbc_driver_sqlite.so has AdbcDriverSqliteInit. */
static void derived_entry(const char *path, char *out, size_t size) {
  const char *name = strrchr(path, '/') + 1;
  if (strncmp(name, "lib", 3) == 0) name += 3;
  size_t length = 0;
  int starts_word = 1;
  for (; *name && *name != '.' && length + 5 < size; name++) {
    if (*name == '_' || *name == '-') { starts_word = 1; continue; }
    out[length++] = starts_word && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
    starts_word = 0;
  }
  memcpy(out + length, "Init", 5);
}

/* The symbol, if it lies in this very file and not in a library it is linked with. */
static adbc_driver_init own_symbol(void *library, const char *name) {
  void *symbol = dlsym(library, name);
  struct link_map *wanted = NULL, *holder = NULL;
  Dl_info info;
  if (!symbol || dlinfo(library, RTLD_DI_LINKMAP, &wanted) != 0 || !dladdr1(symbol, &info, (void **)&holder, RTLD_DL_LINKMAP) || holder != wanted)
    return NULL;
  adbc_driver_init function;
  memcpy(&function, &symbol, sizeof function);
  return function;
}

static adbc_driver_init find_entry(const settings *settings, const ch_call *call, void *library, const char *path) {
  if (settings->entrypoint) {
    adbc_driver_init entry = own_symbol(library, settings->entrypoint);
    if (!entry) fail(call, settings, CH_E_CONFIG, "The ADBC driver has no function \"", settings->entrypoint,
                     "\" of its own: correct the setting \"entrypoint\", or leave it out.");
    return entry;
  }
  char derived[256];
  derived_entry(path, derived, sizeof derived);
  adbc_driver_init entry = own_symbol(library, derived);
  if (!entry) entry = own_symbol(library, "AdbcDriverInit");
  if (!entry) fail(call, settings, CH_E_CONFIG, path, " is not an ADBC driver: it has neither AdbcDriverInit nor ", derived);
  return entry;
}

/* ---------------------------------------------------------------- the table */

static const char *missing_function(const struct AdbcDriver *t) {
  return !t->DatabaseNew ? "DatabaseNew" : !t->DatabaseSetOption ? "DatabaseSetOption" : !t->DatabaseInit ? "DatabaseInit"
    : !t->DatabaseRelease ? "DatabaseRelease" : !t->ConnectionNew ? "ConnectionNew" : !t->ConnectionInit ? "ConnectionInit"
    : !t->ConnectionSetOption ? "ConnectionSetOption" : !t->ConnectionRelease ? "ConnectionRelease" : !t->StatementNew ? "StatementNew"
    : !t->StatementSetOption ? "StatementSetOption" : !t->StatementSetSqlQuery ? "StatementSetSqlQuery"
    : !t->StatementExecuteQuery ? "StatementExecuteQuery" : !t->StatementRelease ? "StatementRelease" : NULL;
}

int32_t driver_load(const settings *settings, const ch_call *call, struct AdbcDriver *table) {
  char path[PATH_MAX];
  memset(table, 0, sizeof *table);
  int32_t status = find_file(settings, call, path);
  if (status == CH_OK) status = check_file(settings, call, path);
  if (status != CH_OK) return status;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char *reason = dlerror();
    return fail(call, settings, CH_E_CONFIG, "The ADBC driver cannot be loaded: ", reason ? reason : path, " (ldd shows what a library lacks).");
  }
  adbc_driver_init init = find_entry(settings, call, library, path);
  if (!init) return CH_E_CONFIG;
  struct AdbcError error = { 0 };
  adbc_status code = init(ADBC_1_1, table, &error);
  if (code == ADBC_NOT_IMPLEMENTED || code == ADBC_INVALID_ARGUMENT) { /* a driver of 1.0 does not know 1.1 */
    if (error.release) error.release(&error);
    error = (struct AdbcError){ 0 };
    memset(table, 0, sizeof *table);
    code = init(ADBC_1_0, table, &error);
  }
  const char *missing = code == ADBC_OK ? missing_function(table) : NULL;
  if (code != ADBC_OK) status = fail(call, settings, CH_E_CONFIG, path, " did not start as an ADBC driver: ",
      error.message ? error.message : "it gave no reason.");
  else if (missing) status = fail(call, settings, CH_E_CONFIG, path, " is no complete ADBC driver; it lacks ", missing);
  if (error.release) error.release(&error);
  if (status != CH_OK && table->release) table->release(table, NULL);
  if (status != CH_OK) memset(table, 0, sizeof *table);
  return status;
}

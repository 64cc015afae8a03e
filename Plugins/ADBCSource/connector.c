/* The tables that the host reads. */
#include "reader.h"
#include "session.h"
#include "streams.h"

#include <time.h>

static int32_t validate(const ch_call *call, const char *config_json, ch_sink out) {
  (void)call;
  return settings_validate(config_json, out);
}

static int32_t check(const ch_call *call, const char *config_json) {
  session session;
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  int32_t status = session_open(&session, call, config_json);
  clock_gettime(CLOCK_MONOTONIC, &after);
  double milliseconds = (double)(after.tv_sec - before.tv_sec) * 1e3 + (double)(after.tv_nsec - before.tv_nsec) / 1e6;
  call->step(call, "Load the driver and connect", status == CH_OK, milliseconds, NULL);
  session_close(&session);
  return status;
}

static const ch_source source = {
  .struct_size = sizeof source, .discover = streams_discover, .schema = streams_schema, .open = reader_open, .cursor = reader_cursor,
  .last_error = reader_last_error, .cancel = reader_cancel, .close = reader_close,
};

static const char settings_schema[] =
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"driver\"],\"properties\":{"
  "\"driver\":{\"type\":\"string\",\"minLength\":1,\"title\":\"Driver\",\"x-order\":1,"
    "\"description\":\"Absolute path of an ADBC driver (.so), or its bare name in the driver directory.\"},"
  "\"driver_directory\":{\"type\":\"string\",\"title\":\"Driver directory\",\"x-order\":2,"
    "\"description\":\"Absolute path of the directory in which a bare name is looked for.\"},"
  "\"entrypoint\":{\"type\":\"string\",\"title\":\"Entry point\",\"x-order\":3,\"x-advanced\":true,"
    "\"description\":\"The driver's init function. Left out: the one named after the file, then AdbcDriverInit.\"},"
  "\"uri\":{\"type\":\"string\",\"title\":\"URI\",\"x-order\":4,\"description\":\"The database, as its driver names it. Without a password.\"},"
  "\"username\":{\"type\":\"string\",\"title\":\"User\",\"description\":\"The account to log in with, where the database has accounts.\",\"x-order\":5},"
  "\"password\":{\"type\":\"string\",\"title\":\"Password\",\"writeOnly\":true,\"x-order\":6,"
    "\"description\":\"The password of that account.\"},"
  "\"query\":{\"type\":\"string\",\"x-scope\":\"job\",\"title\":\"Query\",\"x-order\":7,\"description\":\"SQL that selects; its stream is called query.\"},"
  "\"table\":{\"type\":\"string\",\"x-scope\":\"job\",\"title\":\"Table\",\"x-order\":8,"
    "\"description\":\"One table, or schema.table. Without query and table every table is a stream.\"},"
  "\"cursor_column\":{\"type\":\"string\",\"x-scope\":\"job\",\"title\":\"Cursor column\",\"x-order\":9,"
    "\"description\":\"A column that only grows, such as a serial number: a later run reads only rows with a larger value. Left out: full reads.\"},"
  "\"identifier_quote\":{\"type\":\"string\",\"enum\":[\"\\\"\",\"`\"],\"default\":\"\\\"\",\"title\":\"Quote of names\",\"x-order\":10,\"x-advanced\":true,"
    "\"description\":\"What the database puts around names of tables and columns.\"},"
  "\"options\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"title\":\"Options\",\"x-order\":11,\"x-advanced\":true,"
    "\"description\":\"key=value for the driver's database; connection:key=value and statement:key=value for those.\"},"
  "\"secret_options\":{\"type\":\"string\",\"writeOnly\":true,\"title\":\"Secret options\",\"x-order\":12,\"x-advanced\":true,"
    "\"description\":\"Options that hold secrets, one key=value a line.\"}}}";

static const char *const aliases[] = { "adbc", NULL };

static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_SOURCE, .status = CH_STATUS_BETA, .features = CH_SF_INCREMENTAL | CH_SF_RESUMABLE,
  .id = "org.connecthost.adbc", .name = "ADBC", .version = "1.0.0", .vendor = "ConnectHost", .license = "Apache-2.0",
  .docs_url = "", .summary = "Tables and queries of any database that has an ADBC driver.",
  .aliases = aliases, .config_schema = settings_schema,
  .examples = "[{\"title\":\"A table of an SQLite file\",\"config\":{\"driver\":\"/usr/lib/adbc/libadbc_driver_sqlite.so\",\"uri\":\"/srv/data/crm.db\","
    "\"table\":\"contacts\",\"cursor_column\":\"id\"}}]",
};

static const ch_connector connector = {
  .struct_size = sizeof connector, .descriptor = &descriptor, .validate = validate, .check = check, .iface = &source,
};
static const ch_connector *const connectors[] = { &connector };
static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "C11", .count = 1, .connectors = connectors,
};

const ch_library *connecthost_library_v1(const ch_host *host) { return host->abi_version >> 16 == CH_ABI_MAJOR ? &library : NULL; }

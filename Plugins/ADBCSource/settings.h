/* The settings of one call, and errors that hold none of their secrets. */
#pragma once
#include "json.h"
#include <connecthost_plugin.h>

typedef struct settings {
  json *document;
  const char *driver, *driver_directory, *entrypoint, *uri, *username, *password, *query, *table, *cursor_column, *identifier_quote;
  const json *options;        /* array of "key=value", or NULL */
  const char *secret_options; /* lines of "key=value", or NULL */
  text_buffer written_uri;    /* the URI with user and password in it, once a driver wanted them there */
} settings;

/* CH_OK, or a status with set_error called. Whatever it returns, settings_free follows. */
int32_t settings_read(settings *settings, const ch_call *call, const char *config_json);
void settings_free(settings *settings);

/* Puts the array of problems that `validate` of the interface is for. */
int32_t settings_validate(const char *config_json, ch_sink out);

/* Calls `body` for each option, those of `options` before the secret ones, until it returns something else than CH_OK, and returns that.
 * key and value live during the call. */
typedef int32_t (*option_body)(void *context, const char *key, const char *value);
int32_t settings_each_option(const settings *settings, const ch_call *call, option_body body, void *context);

/* The URI with percent-encoded user and password before its host, in settings->written_uri; NULL when it has no place for them. */
const char *settings_uri_with_user(settings *settings);

/* Reports a sentence made of up to three parts (NULL: none), without the secrets of settings (NULL: none yet). Returns status. */
int32_t fail(const ch_call *call, const settings *settings, int32_t status, const char *first, const char *second, const char *third);

#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t settings_read(settings *settings, const ch_call *call, const char *config_json) {
  *settings = (struct settings){ .document = json_parse(config_json) };
  const json *document = settings->document;
  if (!document || document->type != JSON_OBJECT) return fail(call, NULL, CH_E_CONFIG, "The settings are not a JSON object without NUL characters.",
      NULL, NULL);
  settings->driver = json_text(document, "driver");
  settings->driver_directory = json_text(document, "driver_directory");
  settings->entrypoint = json_text(document, "entrypoint");
  settings->uri = json_text(document, "uri");
  settings->username = json_text(document, "username");
  settings->password = json_text(document, "password");
  settings->query = json_text(document, "query");
  settings->table = json_text(document, "table");
  settings->cursor_column = json_text(document, "cursor_column");
  settings->identifier_quote = json_text(document, "identifier_quote");
  if (!settings->identifier_quote) settings->identifier_quote = "\"";
  settings->options = json_member(document, "options");
  settings->secret_options = json_text(document, "secret_options");
  if (!settings->driver) return fail(call, settings, CH_E_CONFIG, "The setting \"driver\" is missing: the absolute path of an ADBC driver.", NULL,
      NULL);
  if (settings->query && settings->table) return fail(call, settings, CH_E_CONFIG, "Give \"query\" or \"table\", not both.", NULL, NULL);
  return CH_OK;
}

void settings_free(settings *settings) {
  json_free(settings->document);
  text_free(&settings->written_uri);
  *settings = (struct settings){ 0 };
}

/* ---------------------------------------------------------------- options */

/* One `key=value`; without a key it is the user's mistake. Its text is not shown: it may be a secret in the wrong place. */
static int32_t give_option(const settings *settings, const ch_call *call, const char *line, size_t length, option_body body, void *context) {
  const char *equals = memchr(line, '=', length);
  if (!equals || equals == line)
    return fail(call, settings, CH_E_CONFIG, "An option of the ADBC driver has no \"=\" after its name: write each as key=value.", NULL, NULL);
  char *key = strndup(line, (size_t)(equals - line)), *value = strndup(equals + 1, length - (size_t)(equals - line) - 1);
  int32_t status = key && value ? body(context, key, value) : fail(call, settings, CH_E_TRANSIENT, "There is no memory left.", NULL, NULL);
  free(key);
  free(value);
  return status;
}

int32_t settings_each_option(const settings *settings, const ch_call *call, option_body body, void *context) {
  const json *option = settings->options && settings->options->type == JSON_ARRAY ? settings->options->first : NULL;
  for (; option; option = option->next) {
    const char *line = option->type == JSON_STRING ? option->text : "";
    int32_t status = give_option(settings, call, line, strlen(line), body, context);
    if (status != CH_OK) return status;
  }
  for (const char *line = settings->secret_options; line && *line;) {
    size_t length = strcspn(line, "\r\n");
    int32_t status = length ? give_option(settings, call, line, length, body, context) : CH_OK;
    if (status != CH_OK) return status;
    line += length;
    line += strspn(line, "\r\n");
  }
  return CH_OK;
}

/* ---------------------------------------------------------------- the URI */

static void put_percent(text_buffer *out, const char *text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  for (; *text; text++) {
    char escape[4];
    if (strchr(plain, *text)) { text_add(out, text, 1); continue; }
    snprintf(escape, sizeof escape, "%%%02X", (unsigned char)*text);
    text_put(out, escape);
  }
}

/* Where user and password end in scheme://user:password@host/..., or NULL; *start is set behind "//" where there is one. */
static const char *end_of_user(const char *uri, const char **start) {
  const char *slashes = uri ? strstr(uri, "://") : NULL;
  *start = slashes ? slashes + 3 : NULL;
  if (!slashes) return NULL;
  const char *last = NULL, *stop = *start + strcspn(*start, "/?#");
  for (const char *c = *start; c < stop; c++) if (*c == '@') last = c;
  return last;
}

const char *settings_uri_with_user(settings *settings) {
  const char *start, *user_end = end_of_user(settings->uri, &start);
  if (!start) return NULL;
  text_buffer *out = &settings->written_uri;
  text_free(out);
  text_add(out, settings->uri, (size_t)(start - settings->uri));
  const char *user_stop = user_end ? memchr(start, ':', (size_t)(user_end - start)) : NULL;
  if (!user_stop) user_stop = user_end;
  if (settings->username) put_percent(out, settings->username);
  else if (user_stop) text_add(out, start, (size_t)(user_stop - start));
  if (settings->password) { text_put(out, ":"); put_percent(out, settings->password); }
  text_put(out, "@");
  text_put(out, user_end ? user_end + 1 : start);
  return out->failed ? NULL : out->bytes;
}

/* ---------------------------------------------------------------- errors */

static void mask(char *text, const char *secret, size_t length) {
  if (!secret || length < 3) return; /* too short to be found without cutting up words */
  for (char *found = text; (found = memmem(found, strlen(found), secret, length)); ) {
    memset(found, '*', length);
    found += length;
  }
}

static void mask_uri_password(char *text, const char *uri) {
  const char *start, *end = end_of_user(uri, &start);
  const char *colon = end ? memchr(start, ':', (size_t)(end - start)) : NULL;
  if (colon) mask(text, colon + 1, (size_t)(end - colon - 1));
}

static void mask_secrets(const settings *settings, char *text) {
  if (settings->password) mask(text, settings->password, strlen(settings->password));
  mask_uri_password(text, settings->written_uri.bytes);
  mask_uri_password(text, settings->uri);
  for (const char *line = settings->secret_options; line && *line;) {
    size_t length = strcspn(line, "\r\n");
    const char *equals = memchr(line, '=', length);
    const char *value = equals ? equals + 1 : line;
    mask(text, value, length - (size_t)(value - line));
    char *copy = strndup(value, length - (size_t)(value - line));
    mask_uri_password(text, copy);
    free(copy);
    line += length;
    line += strspn(line, "\r\n");
  }
}

int32_t fail(const ch_call *call, const settings *settings, int32_t status, const char *first, const char *second, const char *third) {
  text_buffer text = { 0 };
  text_put(&text, first);
  if (second) text_put(&text, second);
  if (third) text_put(&text, third);
  while (text.length > 0 && !text.failed && strchr("\r\n ", text.bytes[text.length - 1])) text.bytes[--text.length] = 0;
  if (settings && text.bytes && !text.failed) mask_secrets(settings, text.bytes);
  /* Half a message could hold half a secret that nothing masks. */
  call->set_error(call, status, text.bytes && !text.failed ? text.bytes : "There is no memory left.", NULL, 0);
  text_free(&text);
  return status;
}

/* ---------------------------------------------------------------- validate */

static void put_problem(text_buffer *out, const char *path, const char *severity, const char *code, const char *message) {
  text_put(out, out->length > 1 ? ",{\"path\":" : "{\"path\":");
  text_put_json(out, path);
  text_put(out, ",\"severity\":");
  text_put_json(out, severity);
  text_put(out, ",\"code\":");
  text_put_json(out, code);
  text_put(out, ",\"message\":");
  text_put_json(out, message);
  text_put(out, "}");
}

static void put_problems(text_buffer *out, const json *document) {
  const char *driver = json_text(document, "driver"), *directory = json_text(document, "driver_directory"), *uri = json_text(document, "uri");
  if (driver && strchr(driver, '/') && driver[0] != '/')
    put_problem(out, "/driver", "error", "driver.relative", "Give the driver's absolute path, or its bare name and a driver directory.");
  if (driver && !strchr(driver, '/') && !directory)
    put_problem(out, "/driver_directory", "error", "driver.directory", "A driver given by its bare name needs the directory it lies in.");
  if (directory && directory[0] != '/') put_problem(out, "/driver_directory", "error", "driver.relative", "Give the directory's absolute path.");
  if (json_text(document, "query") && json_text(document, "table"))
    put_problem(out, "/table", "error", "stream.two", "Give a query or a table, not both.");
  const char *start, *end = end_of_user(uri, &start);
  if (end && memchr(start, ':', (size_t)(end - start)))
    put_problem(out, "/uri", "warning", "uri.password", "The URI holds a password, which is stored in plain text: move it to the setting password.");
  const json *options = json_member(document, "options");
  for (const json *option = options && options->type == JSON_ARRAY ? options->first : NULL; option; option = option->next)
    if (option->type == JSON_STRING && (!strchr(option->text, '=') || option->text[0] == '='))
      put_problem(out, "/options", "error", "option.form", "Write each option as key=value.");
}

int32_t settings_validate(const char *config_json, ch_sink out) {
  json *document = json_parse(config_json);
  text_buffer text = { 0 };
  text_put(&text, "[");
  if (document) put_problems(&text, document);
  else put_problem(&text, "", "error", "settings.text", "The settings are not JSON without NUL characters.");
  text_put(&text, "]");
  int32_t status = text.failed ? CH_E_TRANSIENT : out.put(out.ctx, text.bytes, text.length);
  text_free(&text);
  json_free(document);
  return status;
}

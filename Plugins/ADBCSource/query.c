#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t out_of_memory(const ch_call *call) { return fail(call, NULL, CH_E_TRANSIENT, "There is no memory left.", NULL, NULL); }

/* ---------------------------------------------------------------- SQL */

static void put_quoted(text_buffer *sql, const char *quote, const char *name, size_t length) {
  text_put(sql, quote);
  for (size_t i = 0; i < length; i++) {
    if (name[i] == quote[0]) text_add(sql, quote, 1); /* doubled, a quote is part of the name */
    text_add(sql, name + i, 1);
  }
  text_put(sql, quote);
}

/* schema.table: each part is a name of its own. */
static void put_table(text_buffer *sql, const char *quote, const char *table) {
  for (;;) {
    size_t length = strcspn(table, ".");
    put_quoted(sql, quote, table, length);
    table += length;
    if (!*table) return;
    text_put(sql, ".");
    table++;
  }
}

/* Without the semicolon that would end the query inside the brackets. */
static void put_query(text_buffer *sql, const char *query) {
  size_t length = strlen(query);
  while (length > 0 && strchr("; \t\r\n", query[length - 1])) length--;
  text_add(sql, query, length);
}

/* A value of an earlier run as a literal. A number must be one, and a text may hold nothing that some database reads as an escape. */
static int put_literal(text_buffer *sql, const char *value, char type) {
  if (type != 'u') {
    char *end;
    strtod(value, &end);
    if (*end || end == value || strspn(value, "+-.0123456789eE") != strlen(value)) return 0;
    text_put(sql, value);
    return 1;
  }
  for (const char *c = value; *c; c++) if (*c == '\\' || (unsigned char)*c < 0x20) return 0;
  put_quoted(sql, "'", value, strlen(value));
  return 1;
}

static int32_t bad_cursor(const settings *settings, const ch_call *call) {
  return fail(call, settings, CH_E_CURSOR, settings->cursor_column
    ? "The cursor is not one of this stream's cursor column: read it from the start."
    : "Without a \"cursor_column\" this stream is read from the start each time.", NULL, NULL);
}

static int32_t put_condition(const settings *settings, const ch_call *call, const char *cursor_json, text_buffer *sql) {
  const char *column = settings->cursor_column, *quote = settings->identifier_quote;
  json *cursor = cursor_json ? json_parse(cursor_json) : NULL;
  const json *value = json_member(cursor, "value");
  const char *cursor_of = json_text(cursor, "column"), *type = json_text(cursor, "type");
  int is_ours = !cursor_json || (column && cursor_of && strcmp(cursor_of, column) == 0);
  if (is_ours && value) {
    is_ours = value->type == JSON_STRING && type && strchr("ulg", *type);
    text_put(sql, " WHERE ");
    put_quoted(sql, quote, column, strlen(column));
    text_put(sql, " > ");
    if (is_ours) is_ours = put_literal(sql, value->text, *type);
    text_put(sql, " OR ");
    put_quoted(sql, quote, column, strlen(column));
    text_put(sql, " IS NULL"); /* found and refused, rather than left out in silence */
  }
  json_free(cursor);
  if (!is_ours) return bad_cursor(settings, call);
  text_put(sql, " ORDER BY ");
  put_quoted(sql, quote, column, strlen(column));
  return CH_OK;
}

int32_t query_build(const settings *settings, const ch_call *call, const char *stream, const char *cursor_json, text_buffer *sql) {
  const char *only = settings->query ? QUERY_STREAM : settings->table;
  if (only && strcmp(stream, only) != 0) return fail(call, settings, CH_E_NOT_FOUND, "There is no such stream; there is: ", only, ".");
  if (!*stream) return fail(call, settings, CH_E_NOT_FOUND, "A stream's name is the name of a table.", NULL, NULL);
  if (!settings->cursor_column && cursor_json) return bad_cursor(settings, call);
  if (settings->query && !settings->cursor_column) put_query(sql, settings->query);
  else {
    text_put(sql, "SELECT * FROM ");
    if (settings->query) {
      text_put(sql, "(\n");
      put_query(sql, settings->query);
      text_put(sql, "\n) AS connecthost_query"); /* the line end closes a comment at the query's end */
    } else put_table(sql, settings->identifier_quote, stream);
  }
  int32_t status = settings->cursor_column ? put_condition(settings, call, cursor_json, sql) : CH_OK;
  return status == CH_OK && sql->failed ? out_of_memory(call) : status;
}

/* ---------------------------------------------------------------- position */

/* The text of a converted cell that is not null. */
static void put_cell(text_buffer *out, char type, const struct ArrowArray *column, int64_t row) {
  char number[40];
  out->length = 0;
  text_put(out, "");
  if (type == 'u') {
    const int32_t *offsets = (const int32_t *)column->buffers[1] + row;
    text_add(out, (const char *)column->buffers[2] + offsets[0], (size_t)(offsets[1] - offsets[0]));
    return;
  }
  if (type == 'l') snprintf(number, sizeof number, "%lld", (long long)((const int64_t *)column->buffers[1])[row]);
  else snprintf(number, sizeof number, "%.17g", ((const double *)column->buffers[1])[row]);
  text_put(out, number);
}

static int is_same(const text_buffer *a, const text_buffer *b) { return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0; }

int32_t position_begin(position *position, const settings *settings, const ch_call *call, const columns *columns, const char *cursor_json) {
  *position = (struct position){ .index = -1 };
  if (!settings->cursor_column) return CH_OK;
  for (int64_t i = 0; i < columns->count; i++) if (strcmp(columns->items[i].name, settings->cursor_column) == 0) position->index = i;
  if (position->index < 0) return fail(call, settings, CH_E_CONFIG, "The cursor column \"", settings->cursor_column,
      "\" is not among the stream's columns.");
  position->type = columns->items[position->index].to;
  if (position->type == 'b')
    return fail(call, settings, CH_E_CONFIG, "The cursor column \"", settings->cursor_column,
        "\" is a boolean, which tells no order: choose a number, a time or a text.");
  json *cursor = cursor_json ? json_parse(cursor_json) : NULL;
  const char *value = json_text(cursor, "value"), *type = json_text(cursor, "type");
  if (value) {
    text_put(&position->value, value);
    /* An empty result may tell other types than the table has; the value goes on as what it was. */
    if (type) position->type = *type;
  }
  json_free(cursor);
  return position->value.failed ? out_of_memory(call) : CH_OK;
}

/* Whether the next row has the value of the last one, so that the value covers it only in part. */
static int32_t is_tie(const position *position, const ch_call *call, const columns *columns, const text_buffer *last, const struct ArrowArray *next,
                      int64_t next_row, int *out) {
  struct ArrowArray *child = next->children[position->index], *children[1] = { child }, one = *next, converted;
  struct columns only = { 1, &columns->items[position->index] };
  one.children = children;
  one.n_children = 1;
  int32_t status = columns_convert(&only, call, &one, next_row, 1, &converted);
  if (status != CH_OK) return status;
  text_buffer value = { 0 };
  *out = 1;
  if (converted.children[0]->null_count == 0) {
    put_cell(&value, columns->items[position->index].to, converted.children[0], 0);
    if (!value.failed) *out = is_same(&value, last);
  }
  text_free(&value);
  converted.release(&converted);
  return CH_OK;
}

int32_t position_advance(position *position, const ch_call *call, const columns *columns, const struct ArrowArray *rows,
    const struct ArrowArray *next,
                         int64_t next_row, int is_known) {
  if (position->index < 0 || rows->length == 0) return CH_OK;
  const struct ArrowArray *column = rows->children[position->index];
  char type = columns->items[position->index].to;
  if (column->null_count > 0)
    return fail(call, NULL, CH_E_DATA, "The cursor column \"", columns->items[position->index].name,
                "\" has rows without a value, which no cursor reaches: choose another, or leave those rows out in a query.");
  text_buffer last = { 0 }, before = { 0 };
  put_cell(&last, type, column, rows->length - 1);
  int tie = !is_known;
  int32_t status = last.failed ? out_of_memory(call) : next ? is_tie(position, call, columns, &last, next, next_row, &tie) : CH_OK;
  text_buffer *found = tie ? NULL : &last;
  /* Of rows that share a value some have not gone out: go on behind the value before it, so that they come again and none is lost. */
  for (int64_t row = rows->length - 2; status == CH_OK && tie && !found && row >= 0; row--) {
    put_cell(&before, type, column, row);
    if (before.failed) status = out_of_memory(call);
    else if (!is_same(&before, &last)) found = &before;
  }
  if (status == CH_OK && found) {
    text_buffer old = position->value;
    position->value = *found;
    position->type = type;
    *found = old;
  }
  text_free(&last);
  text_free(&before);
  return status;
}

int32_t position_put(const position *position, const settings *settings, ch_sink out) {
  text_buffer text = { 0 };
  if (position->index < 0) text_put(&text, "{\"full\":true}");
  else {
    char type[2] = { position->type, 0 };
    text_put(&text, "{\"column\":");
    text_put_json(&text, settings->cursor_column);
    if (position->value.bytes) {
      text_put(&text, ",\"type\":");
      text_put_json(&text, type);
      text_put(&text, ",\"value\":");
      text_put_json(&text, position->value.bytes);
    }
    text_put(&text, "}");
  }
  int32_t status = text.failed ? CH_E_TRANSIENT : out.put(out.ctx, text.bytes, text.length);
  text_free(&text);
  return status;
}

void position_free(position *position) { text_free(&position->value); }

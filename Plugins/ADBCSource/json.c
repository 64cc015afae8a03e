#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 32 };

typedef struct parser { const char *at; int levels; } parser;

static json *parse_value(parser *p);

static void skip_space(parser *p) { p->at += strspn(p->at, " \t\r\n"); }

static json *make(json_type type) {
  json *value = calloc(1, sizeof *value);
  if (value) value->type = type;
  return value;
}

/* Four hex digits, or -1. */
static long parse_hex(parser *p) {
  long code = 0;
  for (int i = 0; i < 4; i++, p->at++) {
    char c = *p->at;
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

static char *put_utf8(char *out, long code) {
  if (code < 0x80) { *out++ = (char)code; return out; }
  if (code < 0x800) { *out++ = (char)(0xC0 | code >> 6); }
  else {
    if (code < 0x10000) { *out++ = (char)(0xE0 | code >> 12); }
    else { *out++ = (char)(0xF0 | code >> 18); *out++ = (char)(0x80 | (code >> 12 & 0x3F)); }
    *out++ = (char)(0x80 | (code >> 6 & 0x3F));
  }
  *out++ = (char)(0x80 | (code & 0x3F));
  return out;
}

/* The character of \uXXXX, with its low surrogate; -1 for halves and for NUL, which no C text can hold. */
static long parse_escape(parser *p) {
  long code = parse_hex(p);
  if (code >= 0xD800 && code < 0xDC00) {
    if (p->at[0] != '\\' || p->at[1] != 'u') return -1;
    p->at += 2;
    long low = parse_hex(p);
    return low >= 0xDC00 && low < 0xE000 ? 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00) : -1;
  }
  return code > 0 && !(code >= 0xDC00 && code < 0xE000) ? code : -1;
}

/* The text behind an opening quote; what is written is never longer than what is read. */
static char *parse_text(parser *p) {
  char *text = malloc(strlen(p->at) + 1), *out = text;
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  while (text) {
    unsigned char c = (unsigned char)*p->at++;
    if (c == '"') { *out = 0; return text; }
    if (c < 0x20) break;
    if (c != '\\') { *out++ = (char)c; continue; }
    c = (unsigned char)*p->at++;
    if (c == 'u') {
      long code = parse_escape(p);
      if (code < 0) break;
      out = put_utf8(out, code);
      continue;
    }
    const char *name = c ? strchr(names, c) : NULL;
    if (!name) break;
    *out++ = meanings[name - names];
  }
  free(text);
  return NULL;
}

static json *parse_number(parser *p) {
  char *end;
  strtod(p->at, &end);
  size_t length = strspn(p->at, "-+.0123456789eE");
  if (length == 0 || end != p->at + length) return NULL;
  json *value = make(JSON_NUMBER);
  if (value && !(value->text = strndup(p->at, length))) { free(value); return NULL; }
  p->at += length;
  return value;
}

static int parse_items(parser *p, json *list, char close) {
  json **last = &list->first;
  skip_space(p);
  if (*p->at == close) { p->at++; return 1; }
  for (;;) {
    char *key = NULL;
    skip_space(p);
    if (close == '}') {
      if (*p->at++ != '"' || !(key = parse_text(p))) return 0;
      skip_space(p);
      if (*p->at++ != ':') { free(key); return 0; }
    }
    if (!(*last = parse_value(p))) { free(key); return 0; }
    (*last)->key = key;
    last = &(*last)->next;
    skip_space(p);
    char c = *p->at++;
    if (c == close) return 1;
    if (c != ',') return 0;
  }
}

static json *parse_list(parser *p, json_type type) {
  json *value = p->levels < MOST_LEVELS ? make(type) : NULL;
  if (!value) return NULL;
  p->at++;
  p->levels++;
  if (!parse_items(p, value, type == JSON_ARRAY ? ']' : '}')) { json_free(value); return NULL; }
  p->levels--;
  return value;
}

static json *parse_word(parser *p) {
  static const struct { const char *word; json_type type; int truth; } words[] = {
    { "true", JSON_BOOL, 1 }, { "false", JSON_BOOL, 0 }, { "null", JSON_NULL, 0 } };
  for (size_t i = 0; i < 3; i++) {
    size_t length = strlen(words[i].word);
    if (strncmp(p->at, words[i].word, length) != 0) continue;
    json *value = make(words[i].type);
    if (value) value->truth = words[i].truth;
    p->at += length;
    return value;
  }
  return NULL;
}

static json *parse_value(parser *p) {
  skip_space(p);
  switch (*p->at) {
    case '{': return parse_list(p, JSON_OBJECT);
    case '[': return parse_list(p, JSON_ARRAY);
    case 't': case 'f': case 'n': return parse_word(p);
    case '"': {
      json *value = make(JSON_STRING);
      p->at++;
      if (value && !(value->text = parse_text(p))) { free(value); return NULL; }
      return value;
    }
    default: return parse_number(p);
  }
}

json *json_parse(const char *text) {
  parser p = { .at = text };
  json *value = parse_value(&p);
  skip_space(&p);
  if (value && *p.at) { json_free(value); return NULL; }
  return value;
}

void json_free(json *value) {
  while (value) {
    json *next = value->next;
    json_free(value->first);
    free(value->text);
    free(value->key);
    free(value);
    value = next;
  }
}

const json *json_member(const json *value, const char *key) {
  if (!value || value->type != JSON_OBJECT) return NULL;
  for (const json *member = value->first; member; member = member->next)
    if (strcmp(member->key, key) == 0) return member;
  return NULL;
}

const char *json_text(const json *value, const char *key) {
  const json *member = json_member(value, key);
  return member && member->type == JSON_STRING && *member->text ? member->text : NULL;
}

void text_add(text_buffer *buffer, const char *bytes, size_t length) {
  if (buffer->failed) return;
  if (buffer->length + length + 1 > buffer->capacity) {
    size_t capacity = (buffer->length + length + 1) * 2;
    char *larger = realloc(buffer->bytes, capacity);
    if (!larger) { buffer->failed = 1; return; }
    buffer->bytes = larger;
    buffer->capacity = capacity;
  }
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
  buffer->bytes[buffer->length] = 0;
}

void text_put(text_buffer *buffer, const char *text) { text_add(buffer, text, strlen(text)); }

void text_put_json(text_buffer *buffer, const char *text) {
  text_put(buffer, "\"");
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    char escape[8];
    if (c == '"' || c == '\\') { escape[0] = '\\'; escape[1] = (char)c; text_add(buffer, escape, 2); }
    else if (c < 0x20) { snprintf(escape, sizeof escape, "\\u%04x", c); text_put(buffer, escape); }
    else text_add(buffer, text, 1);
  }
  text_put(buffer, "\"");
}

void text_free(text_buffer *buffer) {
  free(buffer->bytes);
  *buffer = (text_buffer){ 0 };
}

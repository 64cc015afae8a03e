/* JSON as the host gives it: settings, requests and cursors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_type;

/* One value. Text of strings, and of numbers as written, ends with a NUL; members and elements are a list. */
typedef struct json {
  json_type type;
  int truth;
  char *text;
  char *key;          /* of a member, else NULL */
  struct json *first; /* of an array or object */
  struct json *next;
} json;

/* NULL when the text is not JSON, has a NUL character in a string, or memory is short. The caller frees it with json_free. */
json *json_parse(const char *text);
void json_free(json *value);

/* The member, or NULL when there is none or value is no object. */
const json *json_member(const json *value, const char *key);
/* The text of a string member, or NULL when it is missing or empty. */
const char *json_text(const json *value, const char *key);

/* Text that grows. Once memory is short, failed is set and the rest is dropped. */
typedef struct text_buffer { char *bytes; size_t length, capacity; int failed; } text_buffer;
void text_add(text_buffer *buffer, const char *bytes, size_t length);
void text_put(text_buffer *buffer, const char *text);
/* As a JSON string with its quotes. */
void text_put_json(text_buffer *buffer, const char *text);
void text_free(text_buffer *buffer);

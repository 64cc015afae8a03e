/* Reads single settings. They come as one flat JSON object, which the host has checked against the schema, so this is all the JSON
 * that a small connector needs. Whatever is not as it should be counts as missing. */
#ifndef SETTINGS_H
#define SETTINGS_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline const char *settings_skip_space(const char *p) { return p + strspn(p, " \t\r\n"); }

static inline unsigned long settings_hex4(const char *p) {
  unsigned value = 0;
  int count = 0;
  return sscanf(p, "%4x%n", &value, &count) == 1 && count == 4 ? value : 0;
}

/* Reads the JSON text that begins at p (its quote) into out and returns what follows it, NULL where it does not end.
 * *fits becomes 0 when it is too long, or holds what is no character. */
static inline const char *settings_read_text(const char *p, char *out, size_t capacity, int *fits) {
  size_t used = 0;
  *fits = 1;
  for (p++; *p != '"'; p++) {
    char bytes[4];
    size_t count = 1;
    if (!(bytes[0] = *p)) return NULL;
    if (*p == '\\') {
      static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
      if (!*++p) return NULL;
      const char *found = strchr(plain, *p);
      if (found) {
        bytes[0] = meant[found - plain];
      } else {
        if (*p != 'u' || strnlen(p, 5) < 5) return NULL;
        unsigned long code = settings_hex4(p + 1);
        p += 4;
        if (code >= 0xD800 && code < 0xDC00 && p[1] == '\\' && p[2] == 'u' && strnlen(p, 7) == 7) {
          unsigned long low = settings_hex4(p + 3);
          code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0;
          p += 6;
        }
        if (code == 0 || (code >= 0xD800 && code < 0xE000)) *fits = 0;
        if (code < 0x80) {
          bytes[0] = (char)code;
        } else {
          count = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
          for (size_t i = count - 1; i > 0; i--, code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
          bytes[0] = (char)((0xF00 >> count & 0xFF) | code);
        }
      }
    }
    if (used + count < capacity) { memcpy(out + used, bytes, count); used += count; } else *fits = 0;
  }
  out[used] = '\0';
  return p + 1;
}

/* What follows the value at p, at the comma or brace behind it; NULL where it does not end. */
static inline const char *settings_skip_value(const char *p) {
  char ignored[1];
  int fits;
  for (long depth = 0; *p; ) {
    if (*p == '"') {
      if (!(p = settings_read_text(p, ignored, sizeof ignored, &fits))) return NULL;
      continue;
    }
    if (depth == 0 && (*p == ',' || *p == '}')) return p;
    if (*p == '{' || *p == '[') depth++;
    if (*p == '}' || *p == ']') depth--;
    p++;
  }
  return NULL;
}

/* Where the value of a setting begins; NULL when it is missing. */
static inline const char *settings_find(const char *json, const char *wanted) {
  const char *p = settings_skip_space(json);
  if (*p++ != '{') return NULL;
  for (;; p++) {
    char name[128];
    int fits;
    p = settings_skip_space(p);
    if (*p != '"' || !(p = settings_read_text(p, name, sizeof name, &fits))) return NULL;
    p = settings_skip_space(p);
    if (*p++ != ':') return NULL;
    p = settings_skip_space(p);
    if (fits && strcmp(name, wanted) == 0) return p;
    if (!(p = settings_skip_value(p)) || *p != ',') return NULL;
  }
}

/* 1 with the text in out, which has room for `capacity` bytes; 0 when the setting is missing, no text or too long. */
static inline int settings_text(const char *json, const char *name, char *out, size_t capacity) {
  const char *p = settings_find(json, name);
  int fits;
  return p && *p == '"' && settings_read_text(p, out, capacity, &fits) && fits;
}

/* 1 with the number in *out; 0 when the setting is missing or no whole number. */
static inline int settings_integer(const char *json, const char *name, int64_t *out) {
  const char *p = settings_find(json, name);
  long long value;
  int count = 0;
  if (!p || !strchr("-0123456789", *p) || sscanf(p, "%18lld%n", &value, &count) != 1) return 0;
  p = settings_skip_space(p + count);
  if (*p != ',' && *p != '}') return 0;
  *out = value;
  return 1;
}
#endif

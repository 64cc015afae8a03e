/* The types of a driver's columns, and the schema that the host gets. */
#include "columns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digits_of(char unit) { return unit == 's' ? 0 : unit == 'm' ? 3 : unit == 'u' ? 6 : 9; }

static void set(column *column, column_source from, char to, int width) {
  column->from = from;
  column->to = to;
  column->width = width;
}

static int read_one_letter(column *column, char format) {
  switch (format) {
    case 'c': set(column, FROM_INT8, 'l', 1); return 1;
    case 'C': set(column, FROM_UINT8, 'l', 1); return 1;
    case 's': set(column, FROM_INT16, 'l', 2); return 1;
    case 'S': set(column, FROM_UINT16, 'l', 2); return 1;
    case 'i': set(column, FROM_INT32, 'l', 4); return 1;
    case 'I': set(column, FROM_UINT32, 'l', 4); return 1;
    case 'l': set(column, FROM_INT64, 'l', 8); return 1;
    case 'L': set(column, FROM_UINT64, 'l', 8); return 1;
    case 'e': set(column, FROM_HALF, 'g', 2); return 1;
    case 'f': set(column, FROM_FLOAT, 'g', 4); return 1;
    case 'g': set(column, FROM_DOUBLE, 'g', 8); return 1;
    case 'b': set(column, FROM_BOOL, 'b', 0); return 1;
    case 'u': set(column, FROM_TEXT, 'u', 0); return 1;
    case 'U': set(column, FROM_LARGE_TEXT, 'u', 0); return 1;
    case 'n': set(column, FROM_NULL, 'u', 0); return 1;
    default: return 0;
  }
}

/* d:precision,scale or d:precision,scale,bits */
static int read_decimal(column *column, const char *format) {
  int precision, scale, bits = 128, end = 0;
  if (sscanf(format, "d:%d,%d%n", &precision, &scale, &end) != 2) return 0;
  if (format[end] == ',' && sscanf(format + end, ",%d", &bits) != 1) return 0;
  if ((bits != 32 && bits != 64 && bits != 128 && bits != 256) || scale < -76 || scale > 76) return 0;
  set(column, FROM_DECIMAL, 'u', bits / 8);
  column->scale = scale;
  return 1;
}

/* Fills in what a format string says; 0 when the type is none that is taken. */
static int read_format(column *column, const char *format) {
  if (format[0] && !format[1]) return read_one_letter(column, format[0]);
  if (strcmp(format, "vu") == 0) { set(column, FROM_TEXT_VIEW, 'u', 0); return 1; }
  if (strcmp(format, "tdD") == 0) { set(column, FROM_DATE_DAYS, 'u', 4); return 1; }
  if (strcmp(format, "tdm") == 0) { set(column, FROM_DATE_MILLISECONDS, 'u', 8); return 1; }
  if (format[0] == 'd') return read_decimal(column, format);
  int is_known_unit = format[0] == 't' && format[1] && format[2] && strchr("smun", format[2]);
  if (is_known_unit && format[1] == 't' && !format[3]) {
    column->digits = digits_of(format[2]);
    set(column, FROM_TIME, 'u', column->digits <= 3 ? 4 : 8);
    return 1;
  }
  if (is_known_unit && format[1] == 's' && format[3] == ':') {
    column->digits = digits_of(format[2]);
    column->has_zone = format[4] != 0;
    set(column, FROM_TIMESTAMP, 'u', 8);
    return 1;
  }
  return 0;
}

/* Metadata in Arrow's form: a count, then the length and bytes of each key and value, int32 in the machine's order. */
static int has_metadata(const char *metadata, const char *key, const char *value) {
  int32_t count = 0, lengths[2];
  if (metadata) { memcpy(&count, metadata, 4); metadata += 4; }
  for (; count > 0; count--) {
    const char *parts[2];
    for (int i = 0; i < 2; i++) {
      memcpy(&lengths[i], metadata, 4);
      parts[i] = metadata + 4;
      metadata += 4 + lengths[i];
    }
    if ((size_t)lengths[0] == strlen(key) && memcmp(parts[0], key, strlen(key)) == 0)
      return (size_t)lengths[1] == strlen(value) && memcmp(parts[1], value, strlen(value)) == 0;
  }
  return 0;
}

static int read_type(column *column, const struct ArrowSchema *schema) {
  if (strcmp(schema->format, "w:16") != 0 || !has_metadata(schema->metadata, "ARROW:extension:name", "arrow.uuid")) return read_format(column,
      schema->format);
  set(column, FROM_UUID, 'u', 16);
  return 1;
}

static const char *kind_of(const char *format) {
  if (strchr("zZw", format[0]) || strcmp(format, "vz") == 0) return " (binary)";
  if (format[0] == '+') return " (nested)";
  if (format[0] == 't' && format[1] == 'D') return " (a duration)";
  if (format[0] == 't' && format[1] == 'i') return " (an interval)";
  return "";
}

static int32_t refuse(const ch_call *call, const struct ArrowSchema *column) {
  char text[400];
  snprintf(text, sizeof text, "The column \"%.200s\" has the Arrow type \"%.60s\"%s, ", column->name ? column->name : "", column->format,
           column->dictionary ? " (dictionary-encoded)" : kind_of(column->format));
  return fail(call, NULL, CH_E_UNSUPPORTED, text, "which this connector does not hand on: leave it out or turn it into text in a query (CAST).",
      NULL);
}

int32_t columns_read(columns *columns, const ch_call *call, const struct ArrowSchema *schema) {
  *columns = (struct columns){ 0 };
  if (!schema->format || strcmp(schema->format, "+s") != 0 || schema->n_children < 1 || schema->n_children > 100000)
    return fail(call, NULL, CH_E_CONFIG, "The query gave no columns: it must be one that selects.", NULL, NULL);
  columns->items = calloc((size_t)schema->n_children, sizeof *columns->items);
  if (!columns->items) return fail(call, NULL, CH_E_TRANSIENT, "There is no memory left.", NULL, NULL);
  for (int64_t i = 0; i < schema->n_children; i++) {
    const struct ArrowSchema *child = schema->children[i];
    column *column = &columns->items[i];
    if (child->dictionary || !read_type(column, child)) return refuse(call, child);
    column->name = strdup(child->name ? child->name : "");
    if (!column->name) return fail(call, NULL, CH_E_TRANSIENT, "There is no memory left.", NULL, NULL);
    column->is_nullable = (child->flags & ARROW_FLAG_NULLABLE) != 0 || column->from == FROM_NULL;
    columns->count = i + 1;
  }
  return CH_OK;
}

void columns_free(columns *columns) {
  for (int64_t i = 0; i < columns->count; i++) free(columns->items[i].name);
  free(columns->items);
  *columns = (struct columns){ 0 };
}

static void release_column(struct ArrowSchema *schema) {
  free(schema->private_data); /* the name */
  schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema) {
  for (int64_t i = 0; i < schema->n_children; i++)
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
  free(schema->private_data);
  schema->release = NULL;
}

int columns_make_schema(const columns *columns, struct ArrowSchema *out) {
  size_t count = (size_t)columns->count;
  struct ArrowSchema **pointers = calloc(count, sizeof *pointers + sizeof **pointers);
  if (!pointers) return ENOMEM;
  struct ArrowSchema *children = (struct ArrowSchema *)(void *)(pointers + count);
  *out = (struct ArrowSchema){ .format = "+s", .name = "", .children = pointers, .release = release_schema, .private_data = pointers };
  for (size_t i = 0; i < count; i++) {
    const column *column = &columns->items[i];
    char *name = strdup(column->name);
    if (!name) { release_schema(out); return ENOMEM; }
    const char *format = column->to == 'u' ? "u" : column->to == 'l' ? "l" : column->to == 'g' ? "g" : "b";
    children[i] = (struct ArrowSchema){ .format = format, .name = name, .flags = column->is_nullable ? ARROW_FLAG_NULLABLE : 0,
                                        .release = release_column, .private_data = name };
    pointers[i] = &children[i];
    out->n_children = (int64_t)i + 1;
  }
  return 0;
}

/* Batches of the driver copied into batches of the host's types. Every column is its own memory, so a host may keep one and release the rest. */
#include "value_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A column of the driver, with the offsets of batch and column taken together. */
typedef struct cells { const column *column; const struct ArrowArray *array; int64_t first; } cells;

static int is_bit_set(const void *bits, int64_t index) { return ((const uint8_t *)bits)[index >> 3] >> (index & 7) & 1; }

static int is_null(const cells *cells, int64_t row) {
  if (cells->column->from == FROM_NULL) return 1;
  const void *bits = cells->array->buffers[0];
  return bits && cells->array->null_count != 0 && !is_bit_set(bits, cells->first + row);
}

static const uint8_t *fixed(const cells *cells, int64_t row) {
  return (const uint8_t *)cells->array->buffers[1] + (cells->first + row) * cells->column->width;
}

/* The bytes of a text cell that is not null. */
static const char *text_of(const cells *cells, int64_t row, int64_t *length) {
  const struct ArrowArray *array = cells->array;
  int64_t index = cells->first + row;
  if (cells->column->from == FROM_TEXT) {
    const int32_t *offsets = (const int32_t *)array->buffers[1] + index;
    *length = offsets[1] - offsets[0];
    return (const char *)array->buffers[2] + (*length ? offsets[0] : 0);
  }
  if (cells->column->from == FROM_LARGE_TEXT) {
    const int64_t *offsets = (const int64_t *)array->buffers[1] + index;
    *length = offsets[1] - offsets[0];
    return (const char *)array->buffers[2] + (*length ? offsets[0] : 0);
  }
  /* A view of 16 bytes: length, then the text itself or its first four bytes, buffer and offset. */
  const uint8_t *view = (const uint8_t *)array->buffers[1] + index * 16;
  int32_t parts[4];
  memcpy(parts, view, sizeof parts);
  *length = parts[0];
  return parts[0] <= 12 ? (const char *)view + 4 : (const char *)array->buffers[2 + parts[2]] + parts[3];
}

static int is_copied_text(const column *column) {
  return column->from == FROM_TEXT || column->from == FROM_LARGE_TEXT || column->from == FROM_TEXT_VIEW;
}

static cells cells_of(const column *column, const struct ArrowArray *batch, int64_t index, int64_t start) {
  const struct ArrowArray *array = batch->children[index];
  return (cells){ column, array, array->offset + batch->offset + start };
}

int64_t columns_rows_that_fit(const columns *columns, const struct ArrowArray *batch, int64_t start, int64_t count, int64_t bytes) {
  int64_t sum = 0;
  for (int64_t row = 0; row < count; row++) {
    for (int64_t i = 0; i < columns->count; i++) {
      if (!is_copied_text(&columns->items[i])) continue;
      cells cells = cells_of(&columns->items[i], batch, i, start);
      int64_t length = 0;
      if (!is_null(&cells, row)) text_of(&cells, row, &length);
      sum += length;
    }
    if (sum > bytes) return row > 0 ? row : 1;
  }
  return count;
}

/* ---------------------------------------------------------------- columns */

/* buffers: validity, offsets or values, bytes of text; each allocated on its own. */
typedef struct memory { const void *buffers[3]; void *parts[3]; } memory;

static void release_column(struct ArrowArray *array) {
  memory *memory = array->private_data;
  for (int i = 0; i < 3; i++) free(memory->parts[i]);
  free(memory);
  array->release = NULL;
}

static void *part(memory *memory, int index, size_t size) {
  memory->buffers[index] = memory->parts[index] = calloc(1, size ? size : 1);
  return memory->parts[index];
}

static double half(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value;
  if (exponent == 31) value = fraction ? __builtin_nan("") : __builtin_inf();
  else value = __builtin_ldexp(exponent ? 1024 + fraction : fraction, (exponent ? exponent : 1) - 25);
  return bits >> 15 ? -value : value;
}

/* 0 when an unsigned number is larger than the host's type. */
static int integer_of(const cells *cells, int64_t row, int64_t *out) {
  union { int8_t c; uint8_t C; int16_t s; uint16_t S; int32_t i; uint32_t I; int64_t l; uint64_t L; } value = { 0 };
  memcpy(&value, fixed(cells, row), (size_t)cells->column->width);
  switch (cells->column->from) {
    case FROM_INT8: *out = value.c; break;
    case FROM_UINT8: *out = value.C; break;
    case FROM_INT16: *out = value.s; break;
    case FROM_UINT16: *out = value.S; break;
    case FROM_INT32: *out = value.i; break;
    case FROM_UINT32: *out = value.I; break;
    case FROM_UINT64: *out = value.l; return value.l >= 0;
    default: *out = value.l; break;
  }
  return 1;
}

static double double_of(const cells *cells, int64_t row) {
  union { uint16_t e; float f; double g; } value = { 0 };
  memcpy(&value, fixed(cells, row), (size_t)cells->column->width);
  return cells->column->from == FROM_HALF ? half(value.e) : cells->column->from == FROM_FLOAT ? (double)value.f : value.g;
}

static int32_t out_of_memory(const ch_call *call) { return fail(call, NULL, CH_E_TRANSIENT, "There is no memory left.", NULL, NULL); }

static int32_t fill_texts(const cells *cells, const ch_call *call, int64_t count, memory *memory) {
  int32_t *offsets = part(memory, 1, ((size_t)count + 1) * sizeof *offsets);
  if (!offsets) return out_of_memory(call);
  int is_copied = is_copied_text(cells->column);
  int64_t length, sum = 0;
  for (int64_t row = 0; is_copied && row < count; row++) {
    if (is_null(cells, row)) continue;
    text_of(cells, row, &length);
    sum += length;
  }
  if (sum > INT32_MAX) return fail(call, NULL, CH_E_DATA, "A text of the column \"", cells->column->name, "\" has more than 2 GiB.");
  char *bytes = part(memory, 2, is_copied ? (size_t)sum : (size_t)count * LONGEST_VALUE_TEXT);
  if (!bytes) return out_of_memory(call);
  sum = 0;
  for (int64_t row = 0; row < count; row++) {
    if (!is_null(cells, row) && is_copied) {
      const char *text = text_of(cells, row, &length);
      if (length) memcpy(bytes + sum, text, (size_t)length);
      sum += length;
    } else if (!is_null(cells, row)) sum += (int64_t)value_text(cells->column, fixed(cells, row), bytes + sum);
    offsets[row + 1] = (int32_t)sum;
  }
  return CH_OK;
}

static int32_t fill_numbers(const cells *cells, const ch_call *call, int64_t count, memory *memory) {
  int64_t *values = part(memory, 1, (size_t)count * 8);
  if (!values) return out_of_memory(call);
  for (int64_t row = 0; row < count; row++) {
    if (is_null(cells, row)) continue;
    if (cells->column->to == 'g') {
      double value = double_of(cells, row);
      memcpy(&values[row], &value, 8);
    } else if (!integer_of(cells, row, &values[row]))
      return fail(call, NULL, CH_E_DATA, "A number of the column \"", cells->column->name,
          "\" is larger than 9223372036854775807: turn it into text in a query (CAST).");
  }
  return CH_OK;
}

static int32_t fill_booleans(const cells *cells, const ch_call *call, int64_t count, memory *memory) {
  uint8_t *bits = part(memory, 1, (size_t)count / 8 + 1);
  if (!bits) return out_of_memory(call);
  for (int64_t row = 0; row < count; row++)
    if (!is_null(cells, row) && is_bit_set(cells->array->buffers[1], cells->first + row)) bits[row >> 3] |= (uint8_t)(1 << (row & 7));
  return CH_OK;
}

static int32_t convert_column(const cells *cells, const ch_call *call, int64_t count, struct ArrowArray *out) {
  memory *memory = calloc(1, sizeof *memory);
  if (!memory) return out_of_memory(call);
  *out = (struct ArrowArray){ .length = count, .n_buffers = cells->column->to == 'u' ? 3 : 2, .buffers = memory->buffers, .release = release_column,
                              .private_data = memory };
  for (int64_t row = 0; row < count; row++) out->null_count += is_null(cells, row);
  if (out->null_count > 0) {
    uint8_t *valid = part(memory, 0, (size_t)count / 8 + 1);
    if (!valid) return out_of_memory(call);
    for (int64_t row = 0; row < count; row++) valid[row >> 3] |= (uint8_t)(!is_null(cells, row) << (row & 7));
  }
  return cells->column->to == 'u' ? fill_texts(cells, call, count, memory)
    : cells->column->to == 'b' ? fill_booleans(cells, call, count, memory) : fill_numbers(cells, call, count, memory);
}

/* ---------------------------------------------------------------- batches */

static void release_batch(struct ArrowArray *array) {
  for (int64_t i = 0; i < array->n_children; i++)
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
  free(array->private_data);
  array->release = NULL;
}

int32_t columns_convert(const columns *columns, const ch_call *call, const struct ArrowArray *batch, int64_t start, int64_t count,
    struct ArrowArray *out) {
  static const void *no_validity[1];
  size_t width = (size_t)columns->count;
  memset(out, 0, sizeof *out);
  struct ArrowArray **pointers = calloc(width, sizeof *pointers + sizeof **pointers);
  if (!pointers) return out_of_memory(call);
  struct ArrowArray *children = (struct ArrowArray *)(void *)(pointers + width);
  for (size_t i = 0; i < width; i++) pointers[i] = &children[i];
  *out = (struct ArrowArray){ .length = count, .n_buffers = 1, .buffers = no_validity, .n_children = (int64_t)width, .children = pointers,
                              .release = release_batch, .private_data = pointers };
  for (int64_t i = 0; i < columns->count; i++) {
    cells cells = cells_of(&columns->items[i], batch, i, start);
    int32_t status = convert_column(&cells, call, count, &children[i]);
    if (status == CH_OK) continue;
    release_batch(out);
    memset(out, 0, sizeof *out);
    return status;
  }
  return CH_OK;
}

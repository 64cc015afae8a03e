/* Values of types without a counterpart at the host, as text: ISO 8601 for dates and times, plain digits for decimals. */
#pragma once
#include "columns.h"

enum { LONGEST_VALUE_TEXT = 192 };
/* The length of the text written to out (LONGEST_VALUE_TEXT bytes). value: column->width bytes, little-endian. */
size_t value_text(const column *column, const uint8_t *value, char *out);

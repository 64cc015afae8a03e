#include "value_text.h"

#include <stdio.h>
#include <string.h>

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/* Proleptic Gregorian date of a day since 1970; era of 400 years by era, counted from March so that leap days come last. */
static size_t date_text(int64_t day, char *out) {
  day += 719468; /* days from 0000-03-01 to 1970-01-01 */
  int64_t era = floor_div(day, 146097), of_era = day - era * 146097;
  int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * of_year + 2) / 153;
  int day_of_month = (int)(of_year - (153 * shifted + 2) / 5 + 1), month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
  long long year = (long long)(year_of_era + era * 400 + (month <= 2));
  return (size_t)sprintf(out, year < 0 ? "-%04lld-%02d-%02d" : "%04lld-%02d-%02d", year < 0 ? -year : year, month, day_of_month);
}

static int64_t units_per_second(int digits) { return digits == 0 ? 1 : digits == 3 ? 1000 : digits == 6 ? 1000000 : 1000000000; }

static size_t time_text(int64_t of_day, int digits, char *out) {
  int64_t per_second = units_per_second(digits), second = of_day / per_second;
  size_t length = (size_t)sprintf(out, "%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
  if (digits) length += (size_t)sprintf(out + length, ".%0*lld", digits, (long long)(of_day % per_second));
  return length;
}

static size_t timestamp_text(const column *column, int64_t value, char *out) {
  int64_t per_day = units_per_second(column->digits) * 86400, day = floor_div(value, per_day);
  size_t length = date_text(day, out);
  out[length++] = 'T';
  length += time_text(value - day * per_day, column->digits, out + length);
  if (column->has_zone) out[length++] = 'Z';
  return length;
}

/* Digits of a two's complement number, the last first. */
static int digits_of(uint8_t *number, int width, char *reversed) {
  int count = 0, is_zero;
  do {
    unsigned rest = 0;
    is_zero = 1;
    for (int i = width - 1; i >= 0; i--) {
      unsigned part = rest << 8 | number[i];
      number[i] = (uint8_t)(part / 10);
      rest = part % 10;
      is_zero &= number[i] == 0;
    }
    reversed[count++] = (char)('0' + rest);
  } while (!is_zero);
  return count;
}

static size_t decimal_text(const column *column, const uint8_t *value, char *out) {
  uint8_t number[32];
  char reversed[96];
  int width = column->width, is_negative = value[width - 1] >> 7;
  memcpy(number, value, (size_t)width);
  for (int i = 0, carry = 1; is_negative && i < width; i++) { int sum = (uint8_t)~number[i] + carry; number[i] = (uint8_t)sum; carry = sum >> 8; }
  int count = digits_of(number, width, reversed);
  int is_zero = count == 1 && reversed[0] == '0';
  while (column->scale > 0 && count <= column->scale) reversed[count++] = '0';
  char *at = out;
  if (is_negative) *at++ = '-';
  for (int i = count - 1; i >= 0; i--) {
    *at++ = reversed[i];
    if (i > 0 && i == column->scale) *at++ = '.';
  }
  for (int i = column->scale; i < 0 && !is_zero; i++) *at++ = '0';
  return (size_t)(at - out);
}

static size_t uuid_text(const uint8_t *value, char *out) {
  char *at = out;
  for (int i = 0; i < 16; i++) at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", value[i]);
  return (size_t)(at - out);
}

size_t value_text(const column *column, const uint8_t *value, char *out) {
  int64_t number = 0;
  int32_t narrow;
  if (column->width == 8) memcpy(&number, value, 8);
  if (column->width == 4) { memcpy(&narrow, value, 4); number = narrow; }
  switch (column->from) {
    case FROM_UUID: return uuid_text(value, out);
    case FROM_DATE_DAYS: return date_text(number, out);
    case FROM_DATE_MILLISECONDS: return date_text(floor_div(number, 86400000), out);
    case FROM_TIME: return time_text(number, column->digits, out);
    case FROM_TIMESTAMP: return timestamp_text(column, number, out);
    default: return decimal_text(column, value, out);
  }
}

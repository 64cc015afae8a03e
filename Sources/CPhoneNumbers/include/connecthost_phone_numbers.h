#ifndef CONNECTHOST_PHONE_NUMBERS_H
#define CONNECTHOST_PHONE_NUMBERS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Answers of ch_phone_number_check. */
enum {
    CH_PHONE_MOBILE = 0,     /* a number that its country gives out for mobile phones */
    CH_PHONE_UNASSIGNED = 1, /* none such */
    CH_PHONE_NO_COUNTRY = 2, /* a national number, and the library knows no such country */
    CH_PHONE_FAILED = 3,     /* out of memory or the like; the number was not looked at */
};

/* Digits of the longest number of ITU-T E.164. */
#define CH_PHONE_MOST_DIGITS 15

/*
 * Whether `digits` (`length` of them, nothing else) is a mobile number, by libphonenumber's metadata. They begin with a calling code where
 * `region` is NULL; otherwise they are what people dial in the country with those two capital letters.
 *
 * On CH_PHONE_MOBILE writes the number with its calling code, without a plus or an end, to `number`, which has CH_PHONE_MOST_DIGITS bytes, and
 * how many there are to `number_length`. Any thread.
 */
__attribute__((visibility("default"))) int ch_phone_number_check(
    const char *digits, size_t length, const char *region, char *number, size_t *number_length);

#ifdef __cplusplus
}
#endif
#endif

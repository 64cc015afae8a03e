#include "connecthost_phone_numbers.h"

#include <cstring>
#include <string>

#include <phonenumbers/phonenumberutil.h>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace {

int check(const std::string &text, const std::string &region, char *number, size_t *number_length) {
    const PhoneNumberUtil &library = *PhoneNumberUtil::GetInstance();
    PhoneNumber parsed;
    switch (library.Parse(text, region, &parsed)) {
    case PhoneNumberUtil::NO_PARSING_ERROR: break;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR: return text[0] == '+' ? CH_PHONE_UNASSIGNED : CH_PHONE_NO_COUNTRY;
    default: return CH_PHONE_UNASSIGNED;
    }
    if (!library.IsValidNumber(parsed)) return CH_PHONE_UNASSIGNED;
    // In North America nothing tells a mobile number from another.
    const PhoneNumberUtil::PhoneNumberType type = library.GetNumberType(parsed);
    if (type != PhoneNumberUtil::MOBILE && type != PhoneNumberUtil::FIXED_LINE_OR_MOBILE) return CH_PHONE_UNASSIGNED;
    std::string formatted;
    library.Format(parsed, PhoneNumberUtil::E164, &formatted);
    if (formatted.size() < 2 || formatted.size() > CH_PHONE_MOST_DIGITS + 1 || formatted[0] != '+') return CH_PHONE_UNASSIGNED;
    *number_length = formatted.size() - 1;
    std::memcpy(number, formatted.data() + 1, *number_length);
    return CH_PHONE_MOBILE;
}

}  // namespace

int ch_phone_number_check(const char *digits, size_t length, const char *region, char *number, size_t *number_length) {
    // No exception crosses into code that knows none.
    try {
        const std::string text(digits, length);
        return region ? check(text, region, number, number_length) : check("+" + text, "ZZ", number, number_length);
    } catch (...) {
        return CH_PHONE_FAILED;
    }
}

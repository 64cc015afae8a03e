/* The calls with variable arguments, which cannot be passed on by a function of the same type. */
#ifndef CURLLIBRARY_H
#define CURLLIBRARY_H

#include <curl/curl.h>

struct ch_curl_variadic {
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    CURLSHcode (*share_setopt)(CURLSH *, CURLSHoption, ...);
};

/* Whoever has a handle has the library, so the pointers are there. */
__attribute__((visibility("hidden"))) const struct ch_curl_variadic *ch_curl_variadic_calls(void);

#endif

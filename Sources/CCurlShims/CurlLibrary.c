/* libcurl's functions, passed on to the library once one is called. */
#define CURL_DISABLE_TYPECHECK
#pragma GCC visibility push(hidden)
#include "CCurlShims.h"
#pragma GCC visibility pop
#include "CurlLibrary.h"
#include "on_demand.h"

/* The name has been the same since 2006; libcurl's makers promise never to break it. */
ON_DEMAND_LIBRARY(curl, "libcurl.so.4");

static struct ch_curl_variadic variadic;

static void find_variadic(void) {
    *(void **)&variadic.easy_setopt = on_demand_function(&curl, "curl_easy_setopt");
    *(void **)&variadic.easy_getinfo = on_demand_function(&curl, "curl_easy_getinfo");
    *(void **)&variadic.share_setopt = on_demand_function(&curl, "curl_share_setopt");
}

const struct ch_curl_variadic *ch_curl_variadic_calls(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_variadic);
    return &variadic;
}

ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_global_init, (long flags), (flags))
ON_DEMAND(curl, curl_version_info_data *, NULL, curl_version_info, (CURLversion version), (version))
ON_DEMAND(curl, CURL *, NULL, curl_easy_init, (void), ())
ON_DEMAND(curl, void, , curl_easy_cleanup, (CURL * easy), (easy))
ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_easy_perform, (CURL * easy), (easy))
ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_easy_pause, (CURL * easy, int mask), (easy, mask))
ON_DEMAND(curl, const char *, "libcurl is missing", curl_easy_strerror, (CURLcode code), (code))
ON_DEMAND(curl, CURLM *, NULL, curl_multi_init, (void), ())
ON_DEMAND(curl, CURLMcode, CURLM_INTERNAL_ERROR, curl_multi_cleanup, (CURLM * multi), (multi))
ON_DEMAND(curl, CURLMcode, CURLM_INTERNAL_ERROR, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy))
ON_DEMAND(curl, CURLMcode, CURLM_INTERNAL_ERROR, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy))
ON_DEMAND(curl, CURLMcode, CURLM_INTERNAL_ERROR, curl_multi_perform, (CURLM * multi, int *running), (multi, running))
ON_DEMAND(curl, CURLMcode, CURLM_INTERNAL_ERROR, curl_multi_poll,
        (CURLM * multi, struct curl_waitfd extra[], unsigned int count, int timeout, int *ready), (multi, extra, count, timeout, ready))
ON_DEMAND(curl, CURLMcode, CURLM_INTERNAL_ERROR, curl_multi_wakeup, (CURLM * multi), (multi))
ON_DEMAND(curl, CURLMsg *, NULL, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
ON_DEMAND(curl, CURLSH *, NULL, curl_share_init, (void), ())
ON_DEMAND(curl, CURLSHcode, CURLSHE_INVALID, curl_share_cleanup, (CURLSH * share), (share))
ON_DEMAND(curl, struct curl_slist *, NULL, curl_slist_append, (struct curl_slist * list, const char *text), (list, text))
ON_DEMAND(curl, void, , curl_slist_free_all, (struct curl_slist * list), (list))
ON_DEMAND(curl, curl_mime *, NULL, curl_mime_init, (CURL * easy), (easy))
ON_DEMAND(curl, void, , curl_mime_free, (curl_mime * mime), (mime))
ON_DEMAND(curl, curl_mimepart *, NULL, curl_mime_addpart, (curl_mime * mime), (mime))
ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_mime_data, (curl_mimepart * part, const char *data, size_t size), (part, data, size))
ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_mime_type, (curl_mimepart * part, const char *type), (part, type))
ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_mime_encoder, (curl_mimepart * part, const char *encoding), (part, encoding))
ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_mime_subparts, (curl_mimepart * part, curl_mime *subparts), (part, subparts))
ON_DEMAND(curl, CURLcode, CURLE_FAILED_INIT, curl_mime_headers, (curl_mimepart * part, struct curl_slist *headers, int own), (part, headers, own))

/* libcurl's calls with variable arguments, one for each type of argument, which is all Swift needs to use it. */
#ifndef CCURLSHIMS_H
#define CCURLSHIMS_H

#include <curl/curl.h>

CURLcode ch_curl_set_number(CURL *easy, CURLoption option, long value);
/* libcurl copies the text. */
CURLcode ch_curl_set_text(CURL *easy, CURLoption option, const char *value);
CURLcode ch_curl_set_pointer(CURL *easy, CURLoption option, void *value);
/* For CURLOPT_RESUME_FROM_LARGE and the like. */
CURLcode ch_curl_set_size(CURL *easy, CURLoption option, curl_off_t value);
/* CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION or CURLOPT_READFUNCTION, which have one type. */
CURLcode ch_curl_set_data_callback(CURL *easy, CURLoption option, curl_write_callback callback);
/* No other protocols than these, by name ("http,https") and, for libcurl before 7.85, as CURLPROTO bits; no proxy from the environment, no wait for a
 * name's answer that nobody needs any more. */
CURLcode ch_curl_set_fixed(CURL *easy, const char *protocols, long protocol_bits);
/* Only HTTP and SMTP, both with and without TLS; no proxy from the environment, no passwords from a file, no redirects. */
CURLcode ch_curl_set_delivery(CURL *easy);
/* Called some times a second while a transfer is on; anything but 0 ends it. */
CURLcode ch_curl_watch_progress(CURL *easy, void *owner, curl_xferinfo_callback callback);
/* The callbacks that open and close sockets, both with `owner`. */
CURLcode ch_curl_watch_sockets(CURL *easy, void *owner, curl_opensocket_callback open, curl_closesocket_callback close);

long ch_curl_number(CURL *easy, CURLINFO info);
curl_off_t ch_curl_size(CURL *easy, CURLINFO info);
/* Valid as long as the handle; NULL when there is none. */
const char *ch_curl_text(CURL *easy, CURLINFO info);
/* The presented certificates, the server's own first; NULL when there is none. Valid as long as the handle. */
const struct curl_certinfo *ch_curl_certificates(CURL *easy);

/* The next transfer that has ended, NULL when there is none, and how it ended. */
CURL *ch_curl_ended(CURLM *multi, CURLcode *result);
/* Every transfer may use the TLS sessions of the others: many servers let a data connection in only so. */
CURLSHcode ch_curl_share_sessions(CURLSH *share);
/* The return values of callbacks that are not numbers to Swift. */
size_t ch_curl_pause_writing(void);
size_t ch_curl_pause_reading(void);

#endif

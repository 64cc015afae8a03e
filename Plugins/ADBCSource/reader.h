/* The functions of a reader in ch_source. */
#pragma once
#include <connecthost_plugin.h>

int32_t reader_open(const ch_call *call, const char *config_json, const char *request_json, const char *cursor_json, ch_reader **out_reader,
                    struct ArrowArrayStream *out_stream);
int32_t reader_cursor(ch_reader *reader, const ch_call *call, ch_sink out);
int32_t reader_last_error(ch_reader *reader, const ch_call *call);
void reader_cancel(ch_reader *reader);
void reader_close(ch_reader *reader);

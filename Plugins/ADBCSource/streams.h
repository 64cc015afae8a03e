/* What there is to read. */
#pragma once
#include <connecthost_plugin.h>

int32_t streams_discover(const ch_call *call, const char *config_json, ch_sink out);
int32_t streams_schema(const ch_call *call, const char *config_json, const char *stream, struct ArrowSchema *out);

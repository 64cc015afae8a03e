/* The layout of every struct that crosses the ABI, pinned. A change here is a change of the ABI. */
#include "connecthost_plugin.h"

#define PIN_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
#define PIN(type, field, at) _Static_assert(offsetof(type, field) == (at), #type "." #field " has moved")

PIN_SIZE(ch_sink, 16);
PIN(ch_sink, put, 8);
PIN_SIZE(ch_call, 72);
PIN(ch_call, ctx, 8);
PIN(ch_call, cancel_fd, 16);
PIN(ch_call, deadline_unix_ms, 24);
PIN(ch_call, is_cancelled, 32);
PIN(ch_call, set_error, 40);
PIN(ch_call, log, 48);
PIN(ch_call, progress, 56);
PIN(ch_call, step, 64);
PIN_SIZE(ch_host, 48);
PIN(ch_host, log, 32);
PIN(ch_host, service, 40);
PIN_SIZE(ch_descriptor, 104);
PIN(ch_descriptor, features, 16);
PIN(ch_descriptor, id, 24);
PIN(ch_descriptor, config_schema, 88);
PIN_SIZE(ch_connector, 48);
PIN(ch_connector, descriptor, 8);
PIN(ch_connector, iface, 32);
PIN(ch_connector, extension, 40);
PIN_SIZE(ch_peer_identity, 16);
PIN_SIZE(ch_entry, 48);
PIN(ch_entry, path, 8);
PIN(ch_entry, size, 16);
PIN(ch_entry, etag, 40);
PIN_SIZE(ch_transport, 128);
PIN(ch_transport, open, 8);
PIN(ch_transport, read, 56);
PIN(ch_transport, rmdir, 120);
PIN_SIZE(ch_source, 64);
PIN_SIZE(ch_run, 80);
PIN_SIZE(ch_job, 16);
PIN_SIZE(ch_library, 40);
PIN(ch_library, connectors, 24);

/* Not in the header of 1.0, which is checked with this file too. */
#ifdef CH_EXT_JOB_PLAN
PIN_SIZE(ch_job_plan, 16);
PIN(ch_job_plan, plan, 8);
PIN_SIZE(ch_pipeline, 16);
PIN(ch_pipeline, perform, 8);
PIN_SIZE(ch_event_feed, 16);
PIN(ch_event_feed, deliver, 8);
PIN_SIZE(ch_network, 16);
PIN(ch_network, restricted, 4);
PIN(ch_network, permit, 8);
#endif

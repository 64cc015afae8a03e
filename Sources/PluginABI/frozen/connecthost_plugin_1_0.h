/* connecthost_plugin.h - the ConnectHost connector ABI, major 1.
 * C11, no dependencies. All text is UTF-8, NUL-terminated. All JSON is RFC 8259.
 * Struct policy: FROZEN = layout never changes; GROWS = fields are only appended,
 * first field is struct_size as seen by whoever filled the struct in.              */
#ifndef CONNECTHOST_PLUGIN_H
#define CONNECTHOST_PLUGIN_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define CH_ABI_MAJOR 1u
#define CH_ABI_MINOR 0u
#define CH_ABI_VERSION ((CH_ABI_MAJOR << 16) | CH_ABI_MINOR)
/* Does the filler's struct reach this field (any type)? / is this function or pointer present AND set?
 * Use one of them for every field added after 1.0, and CH_HAS for every optional function. */
#define CH_REACHES(p, type, field) ((p)->struct_size >= offsetof(type, field) + sizeof((p)->field))
#define CH_HAS(p, type, field) (CH_REACHES(p, type, field) && (p)->field != NULL)

/* --- Arrow C data and stream interface, as the Apache Arrow project publishes it (the guards are shared by every
 *     project that carries these structs). Each object owns itself: whoever holds it calls its release() once. --- */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out); /* end: 0 and out->release == NULL */
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};
#endif

/* --- status codes: int32_t on the wire (never a C enum). 0 = ok, < 0 = failure. --- */
#define CH_OK               0
#define CH_E_CONFIG        (-1)  /* user must change the config; never retried        */
#define CH_E_AUTH          (-2)  /* credentials refused                               */
#define CH_E_NOT_FOUND     (-3)
#define CH_E_EXISTS        (-4)
#define CH_E_PERMISSION    (-5)
#define CH_E_NOT_EMPTY     (-6)
#define CH_E_NO_SPACE      (-7)
#define CH_E_RATE_LIMIT    (-8)  /* retry after set_error(..., retry_after_ms)        */
#define CH_E_TRANSIENT     (-9)  /* network and the like: the core may retry          */
#define CH_E_TIMEOUT       (-10)
#define CH_E_CANCELLED     (-11)
#define CH_E_DATA          (-12) /* input rows/file are wrong                         */
#define CH_E_CURSOR        (-13) /* cursor no longer valid: core decides on full read */
#define CH_E_UNSUPPORTED   (-14)
#define CH_E_INTERNAL      (-15) /* bug in the connector                              */

/* --- how anything variable-sized leaves a connector: the host's sink copies it --- */
typedef struct ch_sink {                       /* FROZEN */
  void *ctx;
  int32_t (*put)(void *ctx, const void *bytes, size_t len); /* != CH_OK: stop, return it */
} ch_sink;

/* --- one call into the connector; its functions are [any-thread]. Valid until that call returns, with
 *     ONE exception: the ch_call given to ch_source.open stays valid until ch_source.close returns, so
 *     that get_next (which has no ch_call of its own) can log, report progress and poll for cancel. --- */
typedef struct ch_call {                       /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  int32_t cancel_fd;        /* readable (POLLIN) once cancelled; -1 if none. Not read or closed by the connector */
  int32_t log_min_level;    /* below this, do not even format */
  int64_t deadline_unix_ms; /* 0 = none */
  int32_t (*is_cancelled)(const struct ch_call *call);
  /* Copies everything before it returns. detail_json may be NULL. Last one wins. */
  void (*set_error)(const struct ch_call *call, int32_t status, const char *message,
                    const char *detail_json, int64_t retry_after_ms);
  void (*log)(const struct ch_call *call, int32_t level, const char *message, const char *fields_json);
  /* total < 0: unknown. unit: "bytes", "rows", "files". May go backwards on retry. */
  void (*progress)(const struct ch_call *call, const char *unit, int64_t done, int64_t total, const char *note);
  /* One finished step of a connection test. message may be NULL. */
  void (*step)(const struct ch_call *call, const char *name, int32_t succeeded, double milliseconds, const char *message);
} ch_call;
#define CH_LOG_TRACE 0
#define CH_LOG_DEBUG 1
#define CH_LOG_INFO  2
#define CH_LOG_WARN  3
#define CH_LOG_ERROR 4

/* --- the host, for the life of the process --- */
typedef struct ch_host {                       /* GROWS */
  uint32_t struct_size;
  uint32_t abi_version;     /* what this host speaks */
  void *ctx;
  const char *name;
  const char *version;
  /* Outside any ch_call (own threads, late callbacks). [any-thread] */
  void (*log)(const struct ch_host *host, int32_t level, const char *connector_id, const char *message);
  /* Optional services by id, "connecthost.http/1" and the like; NULL if absent. [any-thread] */
  const void *(*service)(const struct ch_host *host, const char *service_id);
} ch_host;

/* --- static facts, readable before anything is opened; owned by the library for ever --- */
#define CH_KIND_TRANSPORT 1u
#define CH_KIND_SOURCE    2u
#define CH_KIND_JOB       3u
#define CH_STATUS_STABLE 0u
#define CH_STATUS_BETA 1u
#define CH_STATUS_EXPERIMENTAL 2u
#define CH_STATUS_DEPRECATED 3u

typedef struct ch_descriptor {                 /* GROWS */
  uint32_t struct_size;
  uint32_t kind;
  uint32_t status;
  uint32_t reserved;
  uint64_t features;            /* CH_TF_* / CH_SF_* / CH_JF_* by kind */
  const char *id;               /* "com.example.sftp": reverse DNS, [a-z0-9.-], never reused */
  const char *name;             /* "SFTP" */
  const char *version;          /* SemVer of the connector, not of the ABI */
  const char *vendor;
  const char *license;          /* SPDX */
  const char *docs_url;
  const char *summary;          /* one line */
  const char *const *aliases;   /* NULL-terminated: URL schemes or old ids; may be NULL */
  const char *config_schema;    /* JSON Schema 2020-12 subset, see the rules below */
  const char *examples;         /* JSON array of {title, config}; may be NULL */
} ch_descriptor;

typedef struct ch_connector {                  /* GROWS: common part of every kind */
  uint32_t struct_size;
  uint32_t reserved;
  const ch_descriptor *descriptor;
  /* No I/O, < 1 s. Puts a JSON array of {path, severity, code, message, suggestions?}
   * ([] = fine). CH_OK means "I looked", not "it is fine". [any-thread] */
  int32_t (*validate)(const ch_call *call, const char *config_json, ch_sink out);
  /* Real connection test; read-only at the far end. [any-thread] */
  int32_t (*check)(const ch_call *call, const char *config_json);
  const void *iface;            /* const ch_transport * | ch_source * | ch_job *, by kind */
  /* Capability structs by id ("connecthost.transport.resume/1"); NULL if absent. [any-thread] */
  const void *(*extension)(const char *extension_id);
} ch_connector;

/* Extension "connecthost.peer_identity/1" of a connector: who the peer is, asked before any credential is sent.
 * Puts a JSON array of {"type","fingerprint","pin"}; the host stores the pins a person has agreed to in the setting whose
 * schema says "x-pin": true, and the transport then refuses every other peer. */
#define CH_EXT_PEER_IDENTITY "connecthost.peer_identity/1"
typedef struct ch_peer_identity {              /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  int32_t (*identify)(const ch_call *call, const char *config_json, ch_sink out); /* [any-thread], may block */
} ch_peer_identity;

/* ======================= transports ======================= */
#define CH_TF_ATOMIC_RENAME (1ull << 0)
#define CH_TF_APPEND        (1ull << 1)  /* open_write(offset > 0) works */
#define CH_TF_SEEK_READ     (1ull << 2)  /* open_read(offset > 0) works */
#define CH_TF_SET_MTIME     (1ull << 3)
#define CH_TF_MKDIR         (1ull << 4)
#define CH_TF_CASE_INSENS   (1ull << 5)
#define CH_TF_PARTIAL_VIS   (1ull << 6)  /* a file being written is visible to others */
#define CH_TF_PARALLEL      (1ull << 7)  /* several files of one session may be open at once */

typedef struct ch_entry {                      /* GROWS: filled by the transport, lives during the ch_entry_fn call */
  uint32_t struct_size;
  uint32_t type;            /* 1 file, 2 directory, 3 link, 4 other */
  const char *path;         /* relative to the session root, '/' separated, no leading '/' */
  int64_t size;             /* -1 unknown */
  int64_t mtime_unix_ns;    /* INT64_MIN unknown */
  uint32_t unix_mode;       /* 0 unknown */
  uint32_t reserved;
  const char *etag;         /* opaque, may be NULL */
} ch_entry;
typedef int32_t (*ch_entry_fn)(void *ctx, const ch_entry *entry);  /* != CH_OK: stop */

typedef struct ch_session ch_session;          /* opaque to the host */
typedef struct ch_file ch_file;

typedef struct ch_transport {                  /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  int32_t (*open)(const ch_call *call, const char *config_json, ch_session **out);
  void    (*close)(ch_session *s);             /* never fails, never blocks > 2 s; NULL ok */
  void    (*cancel)(ch_session *s);            /* [any-thread], idempotent: unblocks the call in flight */
  int32_t (*stat)(ch_session *s, const ch_call *call, const char *path, ch_entry_fn fn, void *ctx);
  int32_t (*list)(ch_session *s, const ch_call *call, const char *dir, ch_entry_fn fn, void *ctx); /* one level */
  int32_t (*open_read)(ch_session *s, const ch_call *call, const char *path, int64_t offset, ch_file **out);
  int64_t (*read)(ch_file *f, const ch_call *call, void *buf, size_t cap);       /* 0 = end, < 0 = CH_E_* */
  /* offset 0 creates/truncates. expected_size -1 = unknown. Nothing appears at `path` before commit
   * unless CH_TF_PARTIAL_VIS; the core passes a temporary name then and renames itself. */
  int32_t (*open_write)(ch_session *s, const ch_call *call, const char *path, int64_t offset,
                        int64_t expected_size, ch_file **out);
  int64_t (*write)(ch_file *f, const ch_call *call, const void *buf, size_t len);/* bytes taken, >= 1, or CH_E_* */
  int32_t (*commit)(ch_file *f, const ch_call *call, int64_t mtime_unix_ns);     /* frees f, whatever it returns */
  void    (*abort)(ch_file *f);                /* frees f (reads too); removes what write began if it can */
  int32_t (*rename)(ch_session *s, const ch_call *call, const char *from, const char *to, int32_t replace);
  int32_t (*remove)(ch_session *s, const ch_call *call, const char *path);
  int32_t (*mkdir)(ch_session *s, const ch_call *call, const char *path);        /* ok if it is there already */
  int32_t (*rmdir)(ch_session *s, const ch_call *call, const char *path);        /* only if empty */
} ch_transport;

/* ======================= sources ======================= */
#define CH_SF_INCREMENTAL   (1ull << 0)
#define CH_SF_RESUMABLE     (1ull << 1)  /* a cursor may be taken in the middle */
#define CH_SF_PROJECTION    (1ull << 2)  /* honours request.columns */

typedef struct ch_reader ch_reader;
typedef struct ch_source {                     /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  /* Puts {"streams":[{name, title, primary_key, cursor_field, modes, estimate_rows?}]} */
  int32_t (*discover)(const ch_call *call, const char *config_json, ch_sink out);
  /* Arrow schema of one stream without reading it. The host releases *out. */
  int32_t (*schema)(const ch_call *call, const char *config_json, const char *stream, struct ArrowSchema *out);
  /* request_json: {"stream","mode","columns"?,"batch_rows"?,"filter"?}; cursor_json NULL = from the start. */
  int32_t (*open)(const ch_call *call, const char *config_json, const char *request_json,
                  const char *cursor_json, ch_reader **out_reader, struct ArrowArrayStream *out_stream);
  /* Cursor that covers exactly the batches get_next has returned so far; call only between get_next calls. */
  int32_t (*cursor)(ch_reader *r, const ch_call *call, ch_sink out);
  /* Status and text behind the errno that get_next returned (ECANCELED, EIO ...). */
  int32_t (*last_error)(ch_reader *r, const ch_call *call);
  void    (*cancel)(ch_reader *r);             /* [any-thread]; get_next then returns ECANCELED */
  void    (*close)(ch_reader *r);              /* after the stream was released */
} ch_source;

/* ======================= job kinds ======================= */
#define CH_JF_DRY_RUN     (1ull << 0)
#define CH_JF_IDEMPOTENT  (1ull << 1)  /* safe to run again after a crash */
#define CH_JF_NEEDS_ROWS  (1ull << 2)  /* input rows come from the core */
#define CH_JF_NEEDS_FILE  (1ull << 3)

typedef struct ch_run {                        /* GROWS: what the core gives one run */
  uint32_t struct_size;
  uint32_t dry_run;
  void *ctx;
  const char *run_id;
  const char *work_dir;                        /* private, emptied by the core afterwards */
  /* Input rows, if any: ownership moves to the job. Returns CH_E_NOT_FOUND when there is none. */
  int32_t (*take_rows)(const struct ch_run *run, const char *input, struct ArrowArrayStream *out);
  /* A transport session that the core opened from a named connection; the core closes it. *out_vt is
   * always the HOST's own wrapper table at the host's version, never another library's raw table. */
  int32_t (*transport)(const struct ch_run *run, const char *connection, const ch_transport **out_vt, ch_session **out_s);
  int32_t (*state_get)(const struct ch_run *run, const char *key, ch_sink out);
  int32_t (*state_put)(const struct ch_run *run, const char *key, const char *value_json); /* durable on return */
  void    (*count)(const struct ch_run *run, const char *counter, int64_t add);   /* "rows.sent", "rows.rejected" */
  void    (*reject)(const struct ch_run *run, int64_t row, const char *code, const char *message, const char *row_json);
} ch_run;

typedef struct ch_job {                        /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  /* Blocks until done. Puts one JSON object: the run's result, shown in the log. */
  int32_t (*run)(const ch_call *call, const ch_run *run, const char *config_json, ch_sink result);
} ch_job;

/* ======================= the library ======================= */
typedef struct ch_library {                    /* GROWS */
  uint32_t struct_size;
  uint32_t abi_version;       /* CH_ABI_VERSION the library was built with */
  const char *build;          /* "swift-6.3.1 linux-x86_64 glibc", for the error text only */
  uint32_t count;
  uint32_t reserved;
  const ch_connector *const *connectors;  /* count pointers */
  void (*shutdown)(void);     /* may be NULL; at process end only, no calls after it */
} ch_library;

/* THE one exported symbol; the major is in its name. Called once, before any thread of the
 * connector exists; no I/O, < 100 ms. NULL = refuses this host (it logged why). The host
 * pointer stays valid for the life of the process; so must the returned struct. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const ch_library *connecthost_library_v1(const ch_host *host);

#ifdef __cplusplus
}
#endif
#endif

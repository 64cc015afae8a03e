/* connecthost_plugin.h - the ConnectHost connector ABI, major 1.
 * C11, no dependencies; C++17 takes it too. All text is UTF-8 and ends with a NUL. All JSON is RFC 8259.
 *
 * A connector is one shared library that exports one symbol, connecthost_library_v1 (last in this file). The rules, in short;
 * Docs/connectors/abi.md has them with their reasons:
 *
 *  1. Loading. By absolute path with RTLD_NOW | RTLD_LOCAL, after file and directories were checked for who may write to them;
 *     the entry symbol must lie in the file itself and not in a library it is linked with. Looking at a file, and every run,
 *     happens in a process of its own.
 *  2. A library is never closed. What its tables point at is constant and lives as long as the process.
 *  3. Processes. A worker process loads only the connectors of its run and ends by _exit. A connector that traps, hangs or calls
 *     exit() fails that run and nothing else; to stop a run the host cancels, and kills the process when that does not help.
 *  4. Threads. Tags on the functions below:
 *       [any-thread]  may run beside any other function, also beside itself
 *       [handle]      any thread, but never two at once for one session, file or reader; not the same thread each time
 *       [may-block]   may wait for a network or a disk, and watches call->cancel_fd or asks call->is_cancelled meanwhile
 *       [no-block]    comes back at once
 *     Threads of the connector's own may use ch_host.log and nothing else of the host, and are joined by close().
 *  5. Memory. Nobody frees what the other side has allocated. What comes in is valid until the call returns, unless the
 *     function says otherwise. What goes out goes through sinks and callbacks, which copy, or as Arrow structs, which own themselves.
 *  6. Errors. The returned status says who must act; before returning one, call set_error with a sentence for that person: what
 *     failed, to what, and what to do. No secret in any text. No exception, longjmp, signal handler or exit() crosses the border.
 *  7. Growth. FROZEN structs never change. GROWS structs only get fields at the end, and begin with struct_size as its filler saw
 *     it: a field added after 1.0 is read only through CH_REACHES or CH_HAS. Integers have fixed widths; no enum, bool, long,
 *     bit-field or varargs crosses. New verbs come as extensions with an id. Another major is another entry symbol.
 *  8. Settings are described by a JSON Schema (2020-12, subset: see config_schema). The host checks them against it first.
 *  9. Paths are relative to the session's root, '/' between names, without ".", "..", empty names or NUL. The host refuses others
 *     before they arrive; refuse them again. commit is the only success of a write; after a failure the host calls abort.
 * 10. Cursors of sources are JSON of at most 64 KiB that only their source understands. The host keeps one only when the rows it
 *     covers are durable, so rows may come twice and never get lost.
 * 11. Jobs do all their work in run(), and with dry_run change nothing outside.
 * 12. Secrets come in the settings only, never in arguments or the environment. Do not write them to files.
 * 13. A job sees transports through tables of the host, never those of another library.
 * 14. Trust. A connector has the rights of the host's user; the process border is for accidents, not against malice.
 */
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

/* --- status codes: int32_t on the wire (never a C enum). 0 = ok, < 0 = failure. The status decides whether the host tries again:
 *     RATE_LIMIT, TRANSIENT, TIMEOUT and NO_SPACE yes, after a while; everything else no. --- */
#define CH_OK               0
#define CH_E_CONFIG        (-1)  /* user must change the config; never retried        */
#define CH_E_AUTH          (-2)  /* credentials refused                               */
#define CH_E_NOT_FOUND     (-3)  /* no such file, directory, stream                   */
#define CH_E_EXISTS        (-4)  /* the target of a rename or mkdir is there already  */
#define CH_E_PERMISSION    (-5)  /* the far end does not allow it                     */
#define CH_E_NOT_EMPTY     (-6)  /* rmdir of a directory with something in it         */
#define CH_E_NO_SPACE      (-7)  /* disk or quota full                                */
#define CH_E_RATE_LIMIT    (-8)  /* retry after set_error(..., retry_after_ms)        */
#define CH_E_TRANSIENT     (-9)  /* network and the like: the core may retry          */
#define CH_E_TIMEOUT       (-10) /* the far end took too long                         */
#define CH_E_CANCELLED     (-11) /* the host asked for it: return it soon             */
#define CH_E_DATA          (-12) /* input rows/file are wrong                         */
#define CH_E_CURSOR        (-13) /* cursor no longer valid: core decides on full read */
#define CH_E_UNSUPPORTED   (-14) /* this connector or its far end cannot do it        */
#define CH_E_INTERNAL      (-15) /* bug in the connector                              */

/* --- how anything variable-sized leaves a connector: the host's sink copies it --- */
typedef struct ch_sink {                       /* FROZEN */
  void *ctx;
  /* Appends len bytes, which it copies; several calls make one text. At most 16 MiB in all. Only during the call that got the
   * sink. Returns CH_OK, or a status: then stop and return it. [handle] [no-block] */
  int32_t (*put)(void *ctx, const void *bytes, size_t len);
} ch_sink;

/* --- one call into the connector; all its functions are [any-thread] [no-block] and copy what they are given. Valid until that call returns, with
 *     ONE exception: the ch_call given to ch_source.open stays valid until ch_source.close returns, so
 *     that get_next (which has no ch_call of its own) can log, report progress and poll for cancel. --- */
typedef struct ch_call {                       /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  int32_t cancel_fd;        /* readable (POLLIN) once cancelled, for good; -1 if none. Never read or closed by the connector */
  int32_t log_min_level;    /* CH_LOG_*; below this, do not even format */
  int64_t deadline_unix_ms; /* milliseconds since 1970 UTC by which the call should be over; 0 = none */
  /* 1 once the host wants the call to end, else 0; stays 1. */
  int32_t (*is_cancelled)(const struct ch_call *call);
  /* Why the call is about to fail with `status`. message: a sentence for the person who reads the run's log. detail_json: an
   * object for support (codes, the far end's words), may be NULL. retry_after_ms: 0, or how long to wait before the next try.
   * Last one wins; it counts only if the call then returns this very status. */
  void (*set_error)(const struct ch_call *call, int32_t status, const char *message,
                    const char *detail_json, int64_t retry_after_ms);
  /* One line of the run's log. fields_json: an object of strings, may be NULL. */
  void (*log)(const struct ch_call *call, int32_t level, const char *message, const char *fields_json);
  /* unit: "bytes", "rows" or "files". total < 0: unknown. note: what is being done, may be NULL. May go backwards on retry. */
  void (*progress)(const struct ch_call *call, const char *unit, int64_t done, int64_t total, const char *note);
  /* One finished step of a connection test, in the order of their happening. succeeded: 0 or 1. message may be NULL. */
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
  /* For what happens outside any ch_call (own threads, late callbacks); copies. [any-thread] [no-block] */
  void (*log)(const struct ch_host *host, int32_t level, const char *connector_id, const char *message);
  /* Optional services by id, "connecthost.http/1" and the like: a constant table that lives as long as the process, or NULL.
   * [any-thread] [no-block] */
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
  /* JSON Schema 2020-12: type, properties, required, enum, default, title, description, minimum, maximum, minLength, maxLength,
   * pattern, items. "writeOnly": true marks a secret, "x-pin": true the setting of pinned peers; x-order, x-advanced, x-depends
   * and x-enum-titles shape the form. Unknown keywords are ignored. NULL: no settings. */
  const char *config_schema;
  const char *examples;         /* JSON array of {title, config}, without secrets; may be NULL */
} ch_descriptor;

typedef struct ch_connector {                  /* GROWS: common part of every kind */
  uint32_t struct_size;
  uint32_t reserved;
  const ch_descriptor *descriptor;
  /* What the schema cannot say about settings. Puts a JSON array of {"path": JSON pointer, "severity": "error"|"warning", "code",
   * "message", "suggestions"?} with every problem at once; [] = fine. CH_OK means "I looked", not "it is fine".
   * No I/O, under 1 s. May be NULL. [any-thread] [no-block] */
  int32_t (*validate)(const ch_call *call, const char *config_json, ch_sink out);
  /* A real connection test, read-only at the far end; each step is told through call->step. CH_OK, or the status of the step that
   * failed. May be NULL. [any-thread] [may-block] */
  int32_t (*check)(const ch_call *call, const char *config_json);
  const void *iface;            /* const ch_transport * | ch_source * | ch_job *, by kind */
  /* Further tables by id ("connecthost.peer_identity/1"): constant, living as long as the process, or NULL for every id that is
   * not known. May be NULL itself. [any-thread] [no-block] */
  const void *(*extension)(const char *extension_id);
} ch_connector;

/* Extension "connecthost.peer_identity/1" of a connector: who the peer is, asked before any credential is sent.
 * Puts a JSON array of {"type","fingerprint","pin"}; the host stores the pins a person has agreed to in the setting whose
 * schema says "x-pin": true, and the transport then refuses every other peer. */
#define CH_EXT_PEER_IDENTITY "connecthost.peer_identity/1"
typedef struct ch_peer_identity {              /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  /* CH_OK with the array put, or a status. Secrets may be missing from the settings. [any-thread] [may-block] */
  int32_t (*identify)(const ch_call *call, const char *config_json, ch_sink out);
} ch_peer_identity;

/* ======================= transports =======================
 * A session is one connection to one file server, rooted in the directory of its settings. Unless CH_TF_PARALLEL is set, one file
 * of a session is open at a time. */
#define CH_TF_ATOMIC_RENAME (1ull << 0)  /* rename replaces its target in one step */
#define CH_TF_APPEND        (1ull << 1)  /* open_write(offset > 0) works */
#define CH_TF_SEEK_READ     (1ull << 2)  /* open_read(offset > 0) works */
#define CH_TF_SET_MTIME     (1ull << 3)  /* commit sets the time of modification */
#define CH_TF_MKDIR         (1ull << 4)  /* mkdir and rmdir work */
#define CH_TF_CASE_INSENS   (1ull << 5)  /* "A" and "a" are one name */
#define CH_TF_PARTIAL_VIS   (1ull << 6)  /* a file being written is visible to others */
#define CH_TF_PARALLEL      (1ull << 7)  /* several files of one session may be open at once */

typedef struct ch_entry {                      /* GROWS: filled by the transport, lives during the ch_entry_fn call */
  uint32_t struct_size;
  uint32_t type;            /* 1 file, 2 directory, 3 link, 4 other */
  const char *path;         /* relative to the session root, '/' separated, no leading '/' */
  int64_t size;             /* bytes; -1 unknown */
  int64_t mtime_unix_ns;    /* nanoseconds since 1970 UTC; INT64_MIN unknown */
  uint32_t unix_mode;       /* permission bits; 0 unknown */
  uint32_t reserved;
  const char *etag;         /* opaque, may be NULL */
} ch_entry;
/* The host's; copies the entry. CH_OK, or a status: then stop and return it. [handle] [no-block] */
typedef int32_t (*ch_entry_fn)(void *ctx, const ch_entry *entry);

typedef struct ch_session ch_session;          /* opaque to the host */
typedef struct ch_file ch_file;

typedef struct ch_transport {                  /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  /* Connects. CH_OK with *out set, which the host closes; or a status with *out untouched. [any-thread] [may-block] */
  int32_t (*open)(const ch_call *call, const char *config_json, ch_session **out);
  /* Ends and frees the session; its files have been committed or aborted before. Never fails; at most 2 s; NULL is fine. [handle] */
  void    (*close)(ch_session *s);
  /* Makes the call in flight on s or its files return CH_E_CANCELLED soon; nothing to do is fine, twice is fine.
   * Never after close has begun. [any-thread] [no-block] */
  void    (*cancel)(ch_session *s);
  /* Tells fn about path, once; a link at its end is followed or told as type 3, as is safe there. CH_E_NOT_FOUND when there is
   * nothing. [handle] [may-block] */
  int32_t (*stat)(ch_session *s, const ch_call *call, const char *path, ch_entry_fn fn, void *ctx);
  /* Tells fn about everything in dir ("" is the root), one level, in any order, as it arrives; without "." and "..". Names that are
   * not UTF-8 are passed over with a logged warning. [handle] [may-block] */
  int32_t (*list)(ch_session *s, const ch_call *call, const char *dir, ch_entry_fn fn, void *ctx);
  /* Opens a regular file at byte `offset`, which is 0 without CH_TF_SEEK_READ. *out is ended by abort. [handle] [may-block] */
  int32_t (*open_read)(ch_session *s, const ch_call *call, const char *path, int64_t offset, ch_file **out);
  /* Fills up to cap bytes of buf, which is the host's. Returns how many (>= 1), 0 at the end, or a status. [handle] [may-block] */
  int64_t (*read)(ch_file *f, const ch_call *call, void *buf, size_t cap);
  /* Opens a file for writing; *out is ended by exactly one of commit and abort. offset 0 creates or truncates. offset > 0 (only with
   * CH_TF_APPEND) goes on with a file that has exactly that many bytes, else CH_E_DATA, and creates nothing. expected_size: bytes
   * the file will have, -1 = unknown. Nothing appears at `path` before commit unless CH_TF_PARTIAL_VIS; the core passes a
   * temporary name then and renames itself. [handle] [may-block] */
  int32_t (*open_write)(ch_session *s, const ch_call *call, const char *path, int64_t offset,
                        int64_t expected_size, ch_file **out);
  /* Takes bytes from buf. Returns how many it took (>= 1, may be fewer than len), or a status. [handle] [may-block] */
  int64_t (*write)(ch_file *f, const ch_call *call, const void *buf, size_t len);
  /* The only success of a write: CH_OK means that the file is complete and durable. mtime_unix_ns: its time of modification,
   * INT64_MIN = leave it. Frees f, whatever it returns. [handle] [may-block] */
  int32_t (*commit)(ch_file *f, const ch_call *call, int64_t mtime_unix_ns);
  /* Frees f, one that was read as well. Removes what a write from offset 0 began, if it can; what stood there before a write from
   * an offset stays. Never fails; at most 2 s; NULL is fine. [handle] */
  void    (*abort)(ch_file *f);
  /* Renames a file, also into another directory. replace 0: an existing target is CH_E_EXISTS and stays. [handle] [may-block] */
  int32_t (*rename)(ch_session *s, const ch_call *call, const char *from, const char *to, int32_t replace);
  /* Removes a file or link. CH_E_NOT_FOUND when there is nothing. [handle] [may-block] */
  int32_t (*remove)(ch_session *s, const ch_call *call, const char *path);
  /* Makes a directory, one level. CH_OK if it is there already, CH_E_EXISTS if something else is. [handle] [may-block] */
  int32_t (*mkdir)(ch_session *s, const ch_call *call, const char *path);
  /* Removes a directory, only if it is empty: else CH_E_NOT_EMPTY. [handle] [may-block] */
  int32_t (*rmdir)(ch_session *s, const ch_call *call, const char *path);
} ch_transport;

/* ======================= sources =======================
 * Rows as Arrow record batches: a stream's schema is a struct ("+s") of columns of the formats u (UTF-8 text), l (int64),
 * g (double) and b (bool); hosts refuse others by the column's name. Batches of about 10,000 rows or 8 MB are best.
 * A batch stays valid until it is released, also after its stream and its reader are gone. */
#define CH_SF_INCREMENTAL   (1ull << 0)  /* open with a cursor gives only what came after it */
#define CH_SF_RESUMABLE     (1ull << 1)  /* a cursor may be taken in the middle */
#define CH_SF_PROJECTION    (1ull << 2)  /* honours request.columns */

typedef struct ch_reader ch_reader;
typedef struct ch_source {                     /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  /* Puts {"streams":[{"name","title","primary_key","cursor_field","modes","estimate_rows"?}]}; modes: "full", "incremental".
   * [any-thread] [may-block] */
  int32_t (*discover)(const ch_call *call, const char *config_json, ch_sink out);
  /* The Arrow schema of one stream without reading it; the same that the stream's get_schema gives. CH_OK with *out set, which the
   * host releases; or a status with out->release NULL. [any-thread] [may-block] */
  int32_t (*schema)(const ch_call *call, const char *config_json, const char *stream, struct ArrowSchema *out);
  /* Begins to read. request_json: {"stream","mode","columns"?,"batch_rows"?,"filter"?}; batch_rows is a hint. cursor_json: a cursor
   * of this source, NULL = from the start; CH_E_CURSOR when it is no longer honoured. CH_OK with both outs set; or a status
   * with both untouched. The host releases *out_stream first and closes *out_reader after it. call stays valid until close
   * returns. The stream's functions are [handle] [may-block] and return an errno. [any-thread] [may-block] */
  int32_t (*open)(const ch_call *call, const char *config_json, const char *request_json,
                  const char *cursor_json, ch_reader **out_reader, struct ArrowArrayStream *out_stream);
  /* Puts the cursor that covers exactly the batches get_next has returned so far; asked only between calls of get_next.
   * [handle] [no-block] */
  int32_t (*cursor)(ch_reader *r, const ch_call *call, ch_sink out);
  /* The status behind the errno that get_next returned, with set_error. Asked at once after it, and only if get_next did not use
   * set_error itself. [handle] [no-block] */
  int32_t (*last_error)(ch_reader *r, const ch_call *call);
  /* Makes get_next return ECANCELED soon, also the next one. Never after close has begun. [any-thread] [no-block] */
  void    (*cancel)(ch_reader *r);
  /* Ends and frees the reader; its stream has been released before. Never fails; at most 2 s. [handle] */
  void    (*close)(ch_reader *r);
} ch_source;

/* ======================= job kinds ======================= */
#define CH_JF_DRY_RUN     (1ull << 0)  /* run() honours dry_run */
#define CH_JF_IDEMPOTENT  (1ull << 1)  /* safe to run again after a crash */
#define CH_JF_NEEDS_ROWS  (1ull << 2)  /* input rows come from the core */
#define CH_JF_NEEDS_FILE  (1ull << 3)  /* an input file comes from the core */

/* What the core gives one run; valid until run() returns. Its functions are [handle]: one at a time, from the thread of run() or,
 * never at once, from others of the job. */
typedef struct ch_run {                        /* GROWS */
  uint32_t struct_size;
  uint32_t dry_run;                            /* 1: change nothing outside */
  void *ctx;
  const char *run_id;
  const char *work_dir;                        /* private, emptied by the core afterwards */
  /* The rows of an input by its name: ownership moves to the job, which releases *out. CH_E_NOT_FOUND when there is none. [no-block] */
  int32_t (*take_rows)(const struct ch_run *run, const char *input, struct ArrowArrayStream *out);
  /* A transport session that the core opened from a named connection; the core closes it. *out_vt is
   * always the HOST's own wrapper table at the host's version, never another library's raw table. [may-block] */
  int32_t (*transport)(const struct ch_run *run, const char *connection, const ch_transport **out_vt, ch_session **out_s);
  /* What an earlier state_put of this job kept, as JSON; CH_E_NOT_FOUND when there is nothing. [may-block] */
  int32_t (*state_get)(const struct ch_run *run, const char *key, ch_sink out);
  /* Keeps a JSON value of this job; durable on return. [may-block] */
  int32_t (*state_put)(const struct ch_run *run, const char *key, const char *value_json);
  /* Adds to a counter of the run: "rows.sent", "rows.rejected". [no-block] */
  void    (*count)(const struct ch_run *run, const char *counter, int64_t add);
  /* One input row that could not be used, by its number from 0; row_json may be NULL. The core keeps it for the user. [may-block] */
  void    (*reject)(const struct ch_run *run, int64_t row, const char *code, const char *message, const char *row_json);
} ch_run;

typedef struct ch_job {                        /* GROWS */
  uint32_t struct_size;
  uint32_t reserved;
  /* Does the work and returns when it is done. Puts one JSON object: the result, shown in the run's log. CH_OK, or a status with
   * set_error. Watches call->cancel_fd. [any-thread] [may-block] */
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
  void (*shutdown)(void);     /* may be NULL; at most once, at the end of the process, if at all; no calls after it */
} ch_library;

/* THE one exported symbol; the major is in its name. Called once in a process, before any thread of the connector exists; no I/O,
 * under 100 ms. Returns a constant struct that lives as long as the process, as `host` does; or NULL when the connector
 * refuses this host, after saying why through host->log. [no-block] */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const ch_library *connecthost_library_v1(const ch_host *host);

#ifdef __cplusplus
}
#endif
#endif

/* libarchive's functions, passed on to the library once one is called. */
#pragma GCC visibility push(hidden)
#include "CArchive.h"
#pragma GCC visibility pop
#include "on_demand.h"

ON_DEMAND_LIBRARY(archive, "libarchive.so.13");

typedef struct archive *archive_t;
typedef struct archive_entry *entry_t;

ON_DEMAND(archive, archive_t, NULL, archive_read_new, (void), ())
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_read_free, (archive_t a), (a))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_read_support_format_zip_streamable, (archive_t a), (a))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_read_open2,
          (archive_t a, void *client, archive_open_callback *open, archive_read_callback *read, archive_skip_callback *skip, archive_close_callback *close),
          (a, client, open, read, skip, close))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_read_next_header, (archive_t a, entry_t *entry), (a, entry))
ON_DEMAND(archive, la_ssize_t, ARCHIVE_FATAL, archive_read_data, (archive_t a, void *bytes, size_t size), (a, bytes, size))
ON_DEMAND(archive, archive_t, NULL, archive_write_new, (void), ())
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_free, (archive_t a), (a))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_set_format_zip, (archive_t a), (a))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_set_options, (archive_t a, const char *options), (a, options))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_set_bytes_per_block, (archive_t a, int bytes), (a, bytes))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_set_bytes_in_last_block, (archive_t a, int bytes), (a, bytes))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_open,
          (archive_t a, void *client, archive_open_callback *open, archive_write_callback *write, archive_close_callback *close),
          (a, client, open, write, close))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_header, (archive_t a, entry_t entry), (a, entry))
ON_DEMAND(archive, la_ssize_t, ARCHIVE_FATAL, archive_write_data, (archive_t a, const void *bytes, size_t size), (a, bytes, size))
ON_DEMAND(archive, int, ARCHIVE_FATAL, archive_write_close, (archive_t a), (a))
ON_DEMAND(archive, const char *, "libarchive is missing", archive_error_string, (archive_t a), (a))
ON_DEMAND(archive, entry_t, NULL, archive_entry_new, (void), ())
ON_DEMAND(archive, void, , archive_entry_free, (entry_t entry), (entry))
ON_DEMAND(archive, __LA_MODE_T, 0, archive_entry_filetype, (entry_t entry), (entry))
ON_DEMAND(archive, int, 0, archive_entry_is_encrypted, (entry_t entry), (entry))
ON_DEMAND(archive, const char *, NULL, archive_entry_pathname, (entry_t entry), (entry))
ON_DEMAND(archive, const char *, NULL, archive_entry_pathname_utf8, (entry_t entry), (entry))
ON_DEMAND(archive, void, , archive_entry_set_pathname_utf8, (entry_t entry, const char *name), (entry, name))
ON_DEMAND(archive, void, , archive_entry_set_filetype, (entry_t entry, unsigned int type), (entry, type))
ON_DEMAND(archive, void, , archive_entry_set_perm, (entry_t entry, __LA_MODE_T mode), (entry, mode))
ON_DEMAND(archive, void, , archive_entry_set_mtime, (entry_t entry, time_t seconds, long nanoseconds), (entry, seconds, nanoseconds))

/* libarchive, opened when the first archive is read or written. */
#include <archive.h>
#include <archive_entry.h>

/* A complete transport in plain C: the files of one directory of this machine.
 *
 * Copy it to begin a transport of your own. What it shows: settings with a schema, errors that say who must act, a session and
 * files as opaque handles, entries through a callback, a write that counts only once it is committed, and paths that cannot
 * leave the directory, neither by ".." nor by a link. Nothing is kept outside the handles, so sessions do not know each other. */
#define _POSIX_C_SOURCE 200809L
#include <connecthost_plugin.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ch_session { int root; };                                          /* the directory of the settings, held open */
struct ch_file { int fd; int parent; int is_new; char name[NAME_MAX + 1]; char path[]; };

/* ---------------------------------------------------------------- errors */

/* Reports what happened in words for the person who reads the run's log, and hands the status on. */
__attribute__((format(printf, 3, 4)))
static int32_t fail(const ch_call *call, int32_t status, const char *format, ...) {
  char message[PATH_MAX + 256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  call->set_error(call, status, message, NULL, 0);
  return status;
}

/* The status says who must act: the user, the administrator of the server, or nobody because trying again helps. */
static int32_t fail_errno(const ch_call *call, const char *path) {
  int32_t status;
  switch (errno) {
    case ENOENT: status = CH_E_NOT_FOUND; break;
    case EEXIST: status = CH_E_EXISTS; break;
    case ENOTEMPTY: status = CH_E_NOT_EMPTY; break;
    case EACCES: case EPERM: case EROFS: case ELOOP: case ENOTDIR: status = CH_E_PERMISSION; break;
    case ENOSPC: case EDQUOT: status = CH_E_NO_SPACE; break;
    case EIO: case EMFILE: case ENFILE: case EAGAIN: case EINTR: status = CH_E_TRANSIENT; break;
    case EISDIR: case ENAMETOOLONG: case EINVAL: status = CH_E_CONFIG; break;
    default: status = CH_E_INTERNAL; break;
  }
  return fail(call, status, "\"%s\" cannot be used: %s.", path, strerror(errno));
}

static int32_t check_cancelled(const ch_call *call) {
  return call->is_cancelled(call) ? fail(call, CH_E_CANCELLED, "The call was cancelled.") : CH_OK;
}

/* ---------------------------------------------------------------- settings */

static const char settings_schema[] =
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"directory\"],\"properties\":{"
  "\"directory\":{\"type\":\"string\",\"minLength\":1,\"title\":\"Directory\",\"x-order\":0,"
  "\"description\":\"The whole path of the directory; nothing outside it is touched.\"}}}";

/* Appends one code point as UTF-8; surrogates have been joined by then. */
static size_t put_utf8(char *out, unsigned long code) {
  if (code < 0x80) { out[0] = (char)code; return 1; }
  if (code < 0x800) { out[0] = (char)(0xC0 | code >> 6); out[1] = (char)(0x80 | (code & 0x3F)); return 2; }
  if (code < 0x10000) {
    out[0] = (char)(0xE0 | code >> 12); out[1] = (char)(0x80 | (code >> 6 & 0x3F)); out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | code >> 18); out[1] = (char)(0x80 | (code >> 12 & 0x3F));
  out[2] = (char)(0x80 | (code >> 6 & 0x3F)); out[3] = (char)(0x80 | (code & 0x3F));
  return 4;
}

static unsigned long hex4(const char *digits) {
  char copy[5] = { 0 };
  strncpy(copy, digits, 4);
  return strtoul(copy, NULL, 16);
}

/* Reads the JSON string that begins at `*at` (its quote) into `out`; longer text is cut. Moves `*at` behind it. */
static void read_string(const char **at, char *out, size_t capacity) {
  size_t used = 0;
  const char *p = *at + 1;
  while (*p && *p != '"') {
    char bytes[4] = { *p };
    size_t count = 1;
    if (*p++ == '\\' && *p) {
      const char *plain = "\"\\/bfnrt", *meant = "\"\\/\b\f\n\r\t", *found = strchr(plain, *p);
      if (found) {
        bytes[0] = meant[found - plain];
      } else if (*p == 'u' && strlen(p) > 4) {
        unsigned long code = hex4(p + 1);
        p += 4;
        if (code >= 0xD800 && code < 0xDC00 && p[1] == '\\' && p[2] == 'u' && strlen(p) > 6) {
          code = 0x10000 + ((code - 0xD800) << 10) + (hex4(p + 3) - 0xDC00);
          p += 6;
        }
        count = put_utf8(bytes, code);
      }
      p++;
    }
    if (used + count < capacity) { memcpy(out + used, bytes, count); used += count; }
  }
  out[used] = '\0';
  *at = *p ? p + 1 : p;
}

/* The text of one setting. The host has checked the settings against the schema, so every value here is a string
 * and there is nothing nested: a real connector with more settings brings a JSON library. */
static int read_setting(const char *json, const char *wanted, char *out, size_t capacity) {
  char name[64];
  const char *at = json;
  while ((at = strchr(at, '"'))) {
    read_string(&at, name, sizeof name);
    if (!(at = strchr(at, '"'))) return 0;
    read_string(&at, out, capacity);
    if (strcmp(name, wanted) == 0) return 1;
  }
  return 0;
}

/* A directory descriptor, or a status below 0. */
static int32_t open_root(const ch_call *call, const char *settings) {
  char directory[PATH_MAX];
  if (!read_setting(settings, "directory", directory, sizeof directory) || directory[0] != '/')
    return fail(call, CH_E_CONFIG, "\"directory\" is a whole path that begins with /.");
  int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root >= 0) return root;
  return fail(call, CH_E_CONFIG, "The directory \"%s\" cannot be opened: %s.", directory, strerror(errno));
}

/* What a schema cannot say. All problems at once; an empty array when there is none. */
static int32_t validate(const ch_call *call, const char *settings, ch_sink out) {
  (void)call;
  char directory[PATH_MAX];
  const char *problems = "[]";
  if (!read_setting(settings, "directory", directory, sizeof directory) || directory[0] != '/')
    problems = "[{\"path\":\"/directory\",\"severity\":\"error\",\"code\":\"not-absolute\",\"message\":\"The directory begins with /.\"}]";
  return out.put(out.ctx, problems, strlen(problems));
}

static int32_t check(const ch_call *call, const char *settings) {
  int32_t root = open_root(call, settings);
  if (CH_HAS(call, ch_call, step)) call->step(call, "directory", root >= 0, 0, root >= 0 ? "it is there and can be opened" : NULL);
  if (root < 0) return root;
  close(root);
  return CH_OK;
}

/* ---------------------------------------------------------------- paths */

static int32_t dup_root(const ch_call *call, int root) {
  int copy = fcntl(root, F_DUPFD_CLOEXEC, 0);
  return copy >= 0 ? copy : fail_errno(call, "the directory");
}

/* Opens the directory that holds `path` and copies its last name. Every step goes down by one name, and no link is followed,
 * so the result is below `root` whatever happens to the directories meanwhile. The host refuses ".." too; both do. */
static int32_t open_parent(const ch_call *call, int root, const char *path, char name[NAME_MAX + 1]) {
  int32_t parent = dup_root(call, root);
  for (const char *rest = path; parent >= 0;) {
    size_t length = strcspn(rest, "/");
    if (length == 0 || length > NAME_MAX || (length == 1 && rest[0] == '.') || (length == 2 && memcmp(rest, "..", 2) == 0)) {
      close(parent);
      return fail(call, CH_E_CONFIG, "\"%s\" is not a path below the directory.", path);
    }
    memcpy(name, rest, length);
    name[length] = '\0';
    if (rest[length] == '\0') return parent;
    int next = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int32_t status = next >= 0 ? next : fail_errno(call, path);
    close(parent);
    parent = status;
    rest += length + 1;
  }
  return parent;
}

/* Closes the directory and turns the result of a system call into a status. */
static int32_t finish(const ch_call *call, int parent, int result, const char *path) {
  int32_t status = result == 0 ? CH_OK : fail_errno(call, path);
  close(parent);
  return status;
}

/* ---------------------------------------------------------------- session */

static int32_t transport_open(const ch_call *call, const char *settings, ch_session **out) {
  int32_t root = open_root(call, settings);
  if (root < 0) return root;
  ch_session *session = malloc(sizeof *session);
  if (!session) { close(root); return fail(call, CH_E_TRANSIENT, "There is no memory left."); }
  session->root = root;
  *out = session;
  return CH_OK;
}

static void transport_close(ch_session *session) {
  if (!session) return;
  close(session->root);
  free(session);
}

/* Nothing here waits for a network, so there is no call to unblock: reads and writes ask is_cancelled. */
static void transport_cancel(ch_session *session) { (void)session; }

static int32_t report(int directory, const char *name, const char *path, ch_entry_fn entry_found, void *context) {
  struct stat status;
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return CH_E_NOT_FOUND;
  ch_entry entry = { .struct_size = sizeof entry, .path = path, .size = status.st_size, .unix_mode = status.st_mode & 07777 };
  entry.type = S_ISREG(status.st_mode) ? 1 : S_ISDIR(status.st_mode) ? 2 : S_ISLNK(status.st_mode) ? 3 : 4;
  entry.mtime_unix_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
  return entry_found(context, &entry);
}

static int32_t transport_stat(ch_session *session, const ch_call *call, const char *path, ch_entry_fn entry_found, void *context) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session->root, path, name);
  if (parent < 0) return parent;
  int32_t status = report(parent, name, path, entry_found, context);
  close(parent);
  return status == CH_E_NOT_FOUND ? fail(call, status, "\"%s\" is not there.", path) : status;
}

/* A descriptor of its own, because the place in a listing belongs to the open directory. */
static int32_t open_directory(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1] = ".";
  int32_t parent = path[0] ? open_parent(call, session->root, path, name) : dup_root(call, session->root);
  if (parent < 0) return parent;
  int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int32_t status = directory >= 0 ? directory : fail_errno(call, path);
  close(parent);
  return status;
}

/* All text that crosses the interface is UTF-8; a directory may hold any bytes. */
static int is_utf8(const char *text) {
  const unsigned char *p = (const unsigned char *)text;
  while (*p) {
    int more = *p < 0x80 ? 0 : *p >= 0xC2 && *p < 0xE0 ? 1 : *p >= 0xE0 && *p < 0xF0 ? 2 : *p >= 0xF0 && *p < 0xF5 ? 3 : -1;
    if (more < 0 || (*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) || (*p == 0xF0 && p[1] < 0x90) || (*p == 0xF4 && p[1] > 0x8F))
      return 0;
    for (p++; more > 0; more--, p++)
      if ((*p & 0xC0) != 0x80) return 0;
  }
  return 1;
}

static int32_t transport_list(ch_session *session, const ch_call *call, const char *path, ch_entry_fn entry_found, void *context) {
  int32_t directory = open_directory(session, call, path);
  if (directory < 0) return directory;
  DIR *listing = fdopendir(directory);
  if (!listing) { close(directory); return fail_errno(call, path); }
  int32_t status = CH_OK;
  for (struct dirent *item; status == CH_OK && (item = readdir(listing));) {
    if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
    char whole[PATH_MAX + NAME_MAX + 2];
    if (!is_utf8(item->d_name)) {
      call->log(call, CH_LOG_WARN, "A file whose name is not UTF-8 was passed over.", NULL);
      continue;
    }
    int length = snprintf(whole, sizeof whole, "%s%s%s", path, path[0] ? "/" : "", item->d_name);
    if (length < 0 || (size_t)length >= sizeof whole) continue; /* deeper than this example goes */
    if ((status = check_cancelled(call)) == CH_OK) status = report(directory, item->d_name, whole, entry_found, context);
    if (status == CH_E_NOT_FOUND) status = CH_OK; /* removed by somebody since it was listed */
  }
  closedir(listing);
  return status;
}

/* ---------------------------------------------------------------- files */

/* Takes `fd` and `parent` over, also when it fails. */
static int32_t new_file(const ch_call *call, int fd, int parent, const char *name, const char *path, int is_new, ch_file **out) {
  ch_file *file = fd >= 0 ? malloc(sizeof *file + strlen(path) + 1) : NULL;
  if (!file) {
    int32_t status = fd < 0 ? fail_errno(call, path) : fail(call, CH_E_TRANSIENT, "There is no memory left.");
    if (fd >= 0) close(fd);
    close(parent);
    return status;
  }
  file->fd = fd;
  file->parent = parent;
  file->is_new = is_new;
  strcpy(file->name, name);
  strcpy(file->path, path);
  *out = file;
  return CH_OK;
}

static void free_file(ch_file *file) {
  close(file->fd);
  close(file->parent);
  free(file);
}

/* Frees a file that was read or written. What was written counts for nothing without commit; a file that was here before stays. */
static void transport_abort(ch_file *file) {
  if (!file) return;
  if (file->is_new) unlinkat(file->parent, file->name, 0);
  free_file(file);
}

static int32_t transport_open_read(ch_session *session, const ch_call *call, const char *path, int64_t offset, ch_file **out) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session->root, path, name);
  if (parent < 0) return parent;
  /* Without O_NONBLOCK a pipe of that name would hold the call for ever. */
  int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  int32_t status = new_file(call, fd, parent, name, path, 0, out);
  struct stat facts;
  if (status == CH_OK && (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || lseek(fd, offset, SEEK_SET) != offset)) {
    status = fail(call, CH_E_CONFIG, "\"%s\" is not a file that can be read.", path);
    free_file(*out);
  }
  return status;
}

static int64_t transport_read(ch_file *file, const ch_call *call, void *buffer, size_t capacity) {
  int32_t cancelled = check_cancelled(call);
  if (cancelled) return cancelled;
  ssize_t count = read(file->fd, buffer, capacity);
  return count >= 0 ? count : fail_errno(call, file->path);
}

static int32_t transport_open_write(ch_session *session, const ch_call *call, const char *path, int64_t offset, int64_t expected, ch_file **out) {
  (void)expected;
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session->root, path, name);
  if (parent < 0) return parent;
  int fd = openat(parent, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | (offset == 0 ? O_CREAT | O_TRUNC : 0), 0666);
  int32_t status = new_file(call, fd, parent, name, path, offset == 0, out);
  if (status == CH_OK && offset > 0 && lseek(fd, 0, SEEK_END) != offset) {
    status = fail(call, CH_E_DATA, "\"%s\" does not have the %lld bytes it should go on after.", path, (long long)offset);
    free_file(*out);
  }
  return status;
}

static int64_t transport_write(ch_file *file, const ch_call *call, const void *bytes, size_t count) {
  int32_t cancelled = check_cancelled(call);
  if (cancelled) return cancelled;
  ssize_t taken = write(file->fd, bytes, count);
  return taken > 0 ? taken : fail_errno(call, file->path);
}

/* The bytes first, then the name: only a file that survives a power cut is a success. */
static int32_t transport_commit(ch_file *file, const ch_call *call, int64_t mtime_unix_ns) {
  int failed = 0;
  if (mtime_unix_ns != INT64_MIN) {
    struct timespec modified = { .tv_sec = mtime_unix_ns / 1000000000, .tv_nsec = mtime_unix_ns % 1000000000 };
    if (modified.tv_nsec < 0) { modified.tv_sec--; modified.tv_nsec += 1000000000; }
    failed = futimens(file->fd, (struct timespec[2]){ { .tv_nsec = UTIME_OMIT }, modified });
  }
  int32_t status = failed || fsync(file->fd) || fsync(file->parent) ? fail_errno(call, file->path) : CH_OK;
  free_file(file);
  return status;
}

/* ---------------------------------------------------------------- names */

/* POSIX has no rename that leaves an existing target alone: a second name fails there, and then the first one goes. */
static int rename_new(int from_parent, const char *from, int to_parent, const char *to) {
  return linkat(from_parent, from, to_parent, to, 0) || unlinkat(from_parent, from, 0);
}

static int32_t transport_rename(ch_session *session, const ch_call *call, const char *from, const char *to, int32_t replace) {
  char from_name[NAME_MAX + 1], to_name[NAME_MAX + 1];
  int32_t from_parent = open_parent(call, session->root, from, from_name);
  if (from_parent < 0) return from_parent;
  int32_t to_parent = open_parent(call, session->root, to, to_name);
  if (to_parent < 0) { close(from_parent); return to_parent; }
  int result = replace ? renameat(from_parent, from_name, to_parent, to_name) : rename_new(from_parent, from_name, to_parent, to_name);
  int code = errno;
  if (result == 0) { fsync(to_parent); fsync(from_parent); }
  close(from_parent);
  errno = code;
  return finish(call, to_parent, result, code == EEXIST ? to : from);
}

static int32_t transport_remove(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session->root, path, name);
  return parent < 0 ? parent : finish(call, parent, unlinkat(parent, name, 0), path);
}

static int32_t transport_mkdir(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session->root, path, name);
  if (parent < 0) return parent;
  struct stat facts;
  int result = mkdirat(parent, name, 0777);
  int is_there = result != 0 && errno == EEXIST && fstatat(parent, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
  return finish(call, parent, is_there ? 0 : result, path);
}

static int32_t transport_rmdir(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session->root, path, name);
  return parent < 0 ? parent : finish(call, parent, unlinkat(parent, name, AT_REMOVEDIR), path);
}

/* ---------------------------------------------------------------- the library */

static const ch_transport transport = {
  .struct_size = sizeof transport,
  .open = transport_open, .close = transport_close, .cancel = transport_cancel, .stat = transport_stat, .list = transport_list,
  .open_read = transport_open_read, .read = transport_read, .open_write = transport_open_write, .write = transport_write,
  .commit = transport_commit, .abort = transport_abort, .rename = transport_rename, .remove = transport_remove,
  .mkdir = transport_mkdir, .rmdir = transport_rmdir,
};

static const char *const aliases[] = { "c-directory", NULL };

static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_TRANSPORT, .status = CH_STATUS_STABLE,
  .features = CH_TF_ATOMIC_RENAME | CH_TF_APPEND | CH_TF_SEEK_READ | CH_TF_SET_MTIME | CH_TF_MKDIR | CH_TF_PARTIAL_VIS,
  .id = "com.example.c-directory", .name = "Directory (C example)", .version = "1.0.0", .vendor = "Example", .license = "Apache-2.0",
  .docs_url = "https://example.com/c-directory", .summary = "Reads and writes the files of one directory of this machine.",
  .aliases = aliases, .config_schema = settings_schema,
  .examples = "[{\"title\":\"An exchange directory\",\"config\":{\"directory\":\"/srv/exchange\"}}]",
};

static const ch_connector connector = {
  .struct_size = sizeof connector, .descriptor = &descriptor, .validate = validate, .check = check, .iface = &transport,
};

static const ch_connector *const connectors[] = { &connector };

static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "C11", .count = 1, .connectors = connectors,
};

const ch_library *connecthost_library_v1(const ch_host *host) {
  return host->abi_version >> 16 == CH_ABI_MAJOR ? &library : NULL;
}

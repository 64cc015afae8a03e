/* {{title}}: a transport, which is a way to reach the files of a server. As it stands it serves a directory of this machine.
 *
 * Begin here:
 *  1. `descriptor` and `settings_schema` at the end: who you are and what you need to know. The host asks for the settings by title.
 *  2. `session_open`: connect to your server.
 *  3. The verbs, one after the other: list and stat, read, write, rename and remove.
 * The header says of each function what it gets and must answer; a status below 0 is a failure and says who must act. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <connecthost_plugin.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings.h"

/* What one connection holds, and one open file. The host sees neither inside; nothing is kept elsewhere, so connections do not meet. */
struct ch_session { int root; };
struct ch_file { int fd, parent, is_new; char name[NAME_MAX + 1]; char path[]; };

/* ---------------------------------------------------------------- errors */

/* Says what went wrong to the person who reads the run's log: what failed, to what, what to do. Never a password. */
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

/* One place that turns your server's codes into statuses. TRANSIENT, TIMEOUT, RATE_LIMIT and NO_SPACE are tried again. */
static int32_t fail_errno(const ch_call *call, const char *path) {
  int32_t status;
  switch (errno) {
    case ENOENT: status = CH_E_NOT_FOUND; break;
    case EEXIST: status = CH_E_EXISTS; break;
    case ENOTEMPTY: status = CH_E_NOT_EMPTY; break;
    case EACCES: case EPERM: case EROFS: case ELOOP: case ENOTDIR: status = CH_E_PERMISSION; break;
    case ENOSPC: case EDQUOT: status = CH_E_NO_SPACE; break;
    case EIO: case EMFILE: case ENFILE: case EAGAIN: case EINTR: case ENOMEM: status = CH_E_TRANSIENT; break;
    case EISDIR: case ENAMETOOLONG: case EINVAL: case ENXIO: status = CH_E_CONFIG; break;
    default: status = CH_E_INTERNAL; break;
  }
  return fail(call, status, "\"%s\" cannot be used: %s.", path, strerror(errno));
}

/* Where you wait for a network, poll call->cancel_fd beside your socket instead. */
static int32_t check_cancelled(const ch_call *call) {
  return call->is_cancelled(call) ? fail(call, CH_E_CANCELLED, "The call was cancelled.") : CH_OK;
}

/* ---------------------------------------------------------------- connecting */

static int has_directory(const char *settings, char directory[PATH_MAX]) {
  return settings_text(settings, "directory", directory, PATH_MAX) && directory[0] == '/';
}

/* A descriptor, or a status below 0. */
static int32_t open_root(const ch_call *call, const char *settings) {
  char directory[PATH_MAX];
  if (!has_directory(settings, directory)) return fail(call, CH_E_CONFIG, "\"directory\" is a whole path that begins with /.");
  int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return root >= 0 ? root : fail(call, CH_E_CONFIG, "The directory \"%s\" cannot be opened: %s.", directory, strerror(errno));
}

static int32_t session_open(const ch_call *call, const char *settings, ch_session **out) {
  int32_t status = check_cancelled(call);
  int32_t root = status == CH_OK ? open_root(call, settings) : status;
  if (root < 0) return root;
  ch_session *session = malloc(sizeof *session);
  if (!session) { close(root); return fail(call, CH_E_TRANSIENT, "There is no memory left."); }
  session->root = root;
  *out = session;
  return CH_OK;
}

static void session_close(ch_session *session) {
  if (!session) return;
  close(session->root);
  free(session);
}

/* Comes from another thread while a call waits: shut your socket down here. Nothing waits for long in this one. */
static void session_cancel(ch_session *session) { (void)session; }

/* `servers test`: each step that worked or failed, in order. */
static int32_t check(const ch_call *call, const char *settings) {
  int32_t root = open_root(call, settings);
  if (CH_HAS(call, ch_call, step)) call->step(call, "directory", root >= 0, 0, root >= 0 ? "it is there and can be opened" : NULL);
  if (root < 0) return root;
  close(root);
  return CH_OK;
}

/* What the schema cannot say of the settings, without connecting: every problem at once, [] when there is none. */
static int32_t validate(const ch_call *call, const char *settings, ch_sink out) {
  (void)call;
  char directory[PATH_MAX];
  const char *problems = has_directory(settings, directory) ? "[]"
    : "[{\"path\":\"/directory\",\"severity\":\"error\",\"code\":\"not-absolute\",\"message\":\"The directory begins with /.\"}]";
  return out.put(out.ctx, problems, strlen(problems));
}

/* ---------------------------------------------------------------- paths */

/* Opens the directory that holds `path` and copies its last name. It goes down by one name at a time and follows no link, so that
 * nothing outside the root is ever touched. The host refuses ".." as well; both do. */
static int32_t open_parent(const ch_call *call, const ch_session *session, const char *path, char name[NAME_MAX + 1]) {
  int parent = fcntl(session->root, F_DUPFD_CLOEXEC, 0);
  while (parent >= 0) {
    size_t length = strcspn(path, "/");
    if (length == 0 || length > NAME_MAX || (length == 1 && path[0] == '.') || (length == 2 && memcmp(path, "..", 2) == 0)) {
      close(parent);
      return fail(call, CH_E_CONFIG, "\"%s\" is not a path below the directory.", path);
    }
    memcpy(name, path, length);
    name[length] = '\0';
    if (path[length] == '\0') return parent;
    int next = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), code = errno;
    close(parent);
    errno = code;
    parent = next;
    path += length + 1;
  }
  return fail_errno(call, path);
}

/* Closes the directory and turns the result of a system call into a status. */
static int32_t finish(const ch_call *call, int parent, int result, const char *path) {
  int32_t status = result == 0 ? CH_OK : fail_errno(call, path);
  close(parent);
  return status;
}

/* ---------------------------------------------------------------- list and stat */

static int32_t report(int directory, const char *name, const char *path, ch_entry_fn found, void *context) {
  struct stat facts;
  if (fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) return CH_E_NOT_FOUND;
  ch_entry entry = { .struct_size = sizeof entry, .path = path, .size = facts.st_size, .unix_mode = facts.st_mode & 07777 };
  entry.type = S_ISREG(facts.st_mode) ? 1 : S_ISDIR(facts.st_mode) ? 2 : S_ISLNK(facts.st_mode) ? 3 : 4;
  entry.mtime_unix_ns = (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec;
  return found(context, &entry);
}

static int32_t session_stat(ch_session *session, const ch_call *call, const char *path, ch_entry_fn found, void *context) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session, path, name);
  if (parent < 0) return parent;
  int32_t status = report(parent, name, path, found, context);
  close(parent);
  return status == CH_E_NOT_FOUND ? fail(call, status, "\"%s\" is not there.", path) : status;
}

static int32_t open_directory(const ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1] = ".";
  int32_t parent = path[0] ? open_parent(call, session, path, name) : fcntl(session->root, F_DUPFD_CLOEXEC, 0);
  if (parent < 0) return path[0] ? parent : fail_errno(call, path);
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

/* One level; each entry goes to the host as it arrives. */
static int32_t session_list(ch_session *session, const ch_call *call, const char *path, ch_entry_fn found, void *context) {
  int32_t directory = open_directory(session, call, path);
  if (directory < 0) return directory;
  DIR *listing = fdopendir(directory);
  if (!listing) { close(directory); return fail_errno(call, path); }
  int32_t status = CH_OK;
  for (struct dirent *item; status == CH_OK && (item = readdir(listing));) {
    char whole[PATH_MAX + NAME_MAX + 2];
    if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
    int length = snprintf(whole, sizeof whole, "%s%s%s", path, path[0] ? "/" : "", item->d_name);
    if (!is_utf8(item->d_name) || (size_t)length >= sizeof whole) {
      call->log(call, CH_LOG_WARN, "A file whose name is not UTF-8, or too long, was passed over.", NULL);
      continue;
    }
    if ((status = check_cancelled(call)) == CH_OK) status = report(directory, item->d_name, whole, found, context);
    if (status == CH_E_NOT_FOUND) status = CH_OK; /* removed by somebody since it was listed */
  }
  closedir(listing);
  return status;
}

/* ---------------------------------------------------------------- read and write */

static void free_file(ch_file *file) {
  close(file->fd);
  close(file->parent);
  free(file);
}

static int32_t open_file(ch_session *session, const ch_call *call, const char *path, int flags, int is_new, ch_file **out) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session, path, name);
  if (parent < 0) return parent;
  ch_file *file = malloc(sizeof *file + strlen(path) + 1);
  int fd = file ? openat(parent, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666) : -1;
  struct stat facts;
  int32_t status = fd < 0 ? fail_errno(call, path) : CH_OK;
  if (status == CH_OK && (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))) status = fail(call, CH_E_CONFIG, "\"%s\" is not a regular file.", path);
  if (status != CH_OK) {
    if (fd >= 0) close(fd);
    close(parent);
    free(file);
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

static int32_t file_open_read(ch_session *session, const ch_call *call, const char *path, int64_t offset, ch_file **out) {
  ch_file *file = NULL;
  int32_t status = open_file(session, call, path, O_RDONLY, 0, &file);
  if (status != CH_OK) return status;
  if (lseek(file->fd, offset, SEEK_SET) != offset) {
    status = fail_errno(call, path);
    free_file(file);
    return status;
  }
  *out = file;
  return CH_OK;
}

/* How many bytes, 0 at the end, or a status. */
static int64_t file_read(ch_file *file, const ch_call *call, void *buffer, size_t capacity) {
  int32_t cancelled = check_cancelled(call);
  if (cancelled) return cancelled;
  ssize_t count = read(file->fd, buffer, capacity);
  return count >= 0 ? count : fail_errno(call, file->path);
}

/* From 0: a new file, or an emptied one. From another offset: go on with a file of exactly that size, and make none. */
static int32_t file_open_write(ch_session *session, const ch_call *call, const char *path, int64_t offset, int64_t expected_size, ch_file **out) {
  (void)expected_size;
  ch_file *file = NULL;
  int32_t status = open_file(session, call, path, O_WRONLY | (offset == 0 ? O_CREAT | O_TRUNC : 0), offset == 0, &file);
  if (status != CH_OK) return status;
  if (offset > 0 && lseek(file->fd, 0, SEEK_END) != offset) {
    free_file(file);
    return fail(call, CH_E_DATA, "\"%s\" does not have the %lld bytes it should go on after.", path, (long long)offset);
  }
  *out = file;
  return CH_OK;
}

/* May take fewer bytes than there are; the host comes again with the rest. */
static int64_t file_write(ch_file *file, const ch_call *call, const void *bytes, size_t count) {
  int32_t cancelled = check_cancelled(call);
  if (cancelled) return cancelled;
  ssize_t taken = write(file->fd, bytes, count);
  return taken > 0 ? taken : fail_errno(call, file->path);
}

/* The only success of a write: after it the file is complete and survives a power cut. Frees the file, whatever it answers. */
static int32_t file_commit(ch_file *file, const ch_call *call, int64_t mtime_unix_ns) {
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

/* Ends a file that was read as well. A write without commit leaves nothing; a file that was here before it stays. */
static void file_abort(ch_file *file) {
  if (!file) return;
  if (file->is_new) unlinkat(file->parent, file->name, 0);
  free_file(file);
}

/* ---------------------------------------------------------------- rename and remove */

/* Without `replace` an existing target stays: a second name fails there, and rename would not. */
static int rename_entry(int from_parent, const char *from, int to_parent, const char *to, int replace) {
  if (replace) return renameat(from_parent, from, to_parent, to);
  return linkat(from_parent, from, to_parent, to, 0) || unlinkat(from_parent, from, 0) ? -1 : 0;
}

static int32_t session_rename(ch_session *session, const ch_call *call, const char *from, const char *to, int32_t replace) {
  char from_name[NAME_MAX + 1], to_name[NAME_MAX + 1];
  int32_t from_parent = open_parent(call, session, from, from_name);
  if (from_parent < 0) return from_parent;
  int32_t to_parent = open_parent(call, session, to, to_name);
  if (to_parent < 0) { close(from_parent); return to_parent; }
  int result = rename_entry(from_parent, from_name, to_parent, to_name, replace), code = errno;
  if (result == 0) { fsync(to_parent); fsync(from_parent); }
  close(from_parent);
  errno = code;
  return finish(call, to_parent, result, code == EEXIST ? to : from);
}

static int32_t session_remove(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session, path, name);
  return parent < 0 ? parent : finish(call, parent, unlinkat(parent, name, 0), path);
}

/* A directory that is there already is fine. */
static int32_t session_mkdir(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session, path, name);
  if (parent < 0) return parent;
  struct stat facts;
  int result = mkdirat(parent, name, 0777), code = errno;
  int is_there = result != 0 && code == EEXIST && fstatat(parent, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
  errno = code;
  return finish(call, parent, is_there ? 0 : result, path);
}

static int32_t session_rmdir(ch_session *session, const ch_call *call, const char *path) {
  char name[NAME_MAX + 1];
  int32_t parent = open_parent(call, session, path, name);
  return parent < 0 ? parent : finish(call, parent, unlinkat(parent, name, AT_REMOVEDIR), path);
}

/* ---------------------------------------------------------------- who this is */

/* Every setting once: the host makes its questions, its checks and its help of this. `"writeOnly": true` marks a password. */
static const char settings_schema[] =
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"directory\"],\"properties\":{"
  "\"directory\":{\"type\":\"string\",\"minLength\":1,\"title\":\"Directory\",\"x-order\":0,"
  "\"description\":\"The whole path of the directory; nothing outside it is touched.\"}}}";

static const char *const aliases[] = { "{{name}}", NULL };

/* Promise in `features` only what your server can do. */
static const ch_descriptor descriptor = {
  .struct_size = sizeof descriptor, .kind = CH_KIND_TRANSPORT, .status = CH_STATUS_EXPERIMENTAL,
  .features = CH_TF_ATOMIC_RENAME | CH_TF_APPEND | CH_TF_SEEK_READ | CH_TF_SET_MTIME | CH_TF_MKDIR | CH_TF_PARTIAL_VIS,
  .id = "{{id}}", .name = "{{title}}", .version = "0.1.0", .vendor = "Example", .license = "Apache-2.0",
  .docs_url = "", .summary = "Reads and writes the files of one directory of this machine.",
  .aliases = aliases, .config_schema = settings_schema,
  .examples = "[{\"title\":\"An exchange directory\",\"config\":{\"directory\":\"/srv/exchange\"}}]",
};

static const ch_transport transport = {
  .struct_size = sizeof transport,
  .open = session_open, .close = session_close, .cancel = session_cancel, .stat = session_stat, .list = session_list,
  .open_read = file_open_read, .read = file_read, .open_write = file_open_write, .write = file_write, .commit = file_commit,
  .abort = file_abort, .rename = session_rename, .remove = session_remove, .mkdir = session_mkdir, .rmdir = session_rmdir,
};

static const ch_connector connector = {
  .struct_size = sizeof connector, .descriptor = &descriptor, .validate = validate, .check = check, .iface = &transport,
};

static const ch_connector *const connectors[] = { &connector };

static const ch_library library = {
  .struct_size = sizeof library, .abi_version = CH_ABI_VERSION, .build = "C11", .count = 1, .connectors = connectors,
};

/* The one symbol that the host looks for. */
const ch_library *connecthost_library_v1(const ch_host *host) {
  return host->abi_version >> 16 == CH_ABI_MAJOR ? &library : NULL;
}

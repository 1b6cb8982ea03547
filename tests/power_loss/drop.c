/* Writes down what a process does to the files below a folder, so that a test can make the disk
 * as a loss of power would have left it at any moment. For LD_PRELOAD; Linux with glibc.
 *
 * FACTEUR_DISK is the folder, FACTEUR_JOURNAL the file to append to. A record is a line
 *
 *     <kind> <inode> <offset> <length> <name length>\n
 *
 * followed by <name length> bytes of a name relative to the folder (two names with a zero between
 * them for a rename) and, for a write, by <length> bytes. Kinds: C made or opened to be made,
 * W written, T cut or grown to <offset>, S synced, D made a folder, R renamed, U removed. What
 * sync_file_range promises is nothing (it flushes no disk's cache and no metadata), so it has no
 * record.
 *
 * FACTEUR_SYNC_PAUSE_US makes the disk slow: each sync takes so much longer.
 *
 * The lock makes the order of the records that of the effects.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char disk[4096];
static size_t disk_length;
static int journal = -1;
static unsigned char watched[FILES_MAX];
static useconds_t sync_pause_us;

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("FACTEUR_DISK"), *name = getenv("FACTEUR_JOURNAL");
    if (!folder || !name || strlen(folder) >= sizeof disk) return;
    journal = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_APPEND | O_CLOEXEC);
    strcpy(disk, folder);
    disk_length = strlen(disk);
    const char *pause = getenv("FACTEUR_SYNC_PAUSE_US");
    if (pause) sync_pause_us = (useconds_t)atol(pause);
}

/* The name below the folder, or nothing. */
static const char *below(const char *path) {
    if (journal < 0 || !path || strncmp(path, disk, disk_length) != 0) return NULL;
    if (path[disk_length] == '\0') return path + disk_length;
    return path[disk_length] == '/' ? path + disk_length + 1 : NULL;
}

static int is_watched(int fd) { return fd >= 0 && fd < FILES_MAX && watched[fd]; }

/* In one system call: another process may append to the same journal. */
static void record(char kind, unsigned long inode, long long offset, const char *name,
                   size_t name_length, const struct iovec *parts, int count, size_t length) {
    char head[128];
    struct iovec all[64 + 2];
    int used = 2;
    int size = snprintf(head, sizeof head, "%c %lu %lld %zu %zu\n", kind, inode, offset, length,
                        name_length);
    all[0] = (struct iovec){head, (size_t)size};
    all[1] = (struct iovec){(void *)name, name_length};
    size_t left = length;
    for (int part = 0; part < count && left > 0; part++) {
        size_t here = parts[part].iov_len < left ? parts[part].iov_len : left;
        if (used == 64 + 2) abort();
        all[used++] = (struct iovec){parts[part].iov_base, here};
        left -= here;
    }
    ssize_t whole = (ssize_t)((size_t)size + name_length + length);
    if (syscall(SYS_writev, journal, all, used) != whole) abort();
}

static unsigned long inode_of(int fd) {
    struct stat found;
    return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    const char *name = below(path);
    if (!name) {
        int fd = real(path, flags, mode);
        if (fd >= 0 && fd < FILES_MAX) watched[fd] = 0;
        return fd;
    }
    pthread_mutex_lock(&lock);
    int was_there = access(path, F_OK) == 0;
    int fd = real(path, flags, mode);
    int error = errno;
    if (fd >= 0) {
        if (fd >= FILES_MAX) abort();
        watched[fd] = 1;
        if (!was_there) record('C', inode_of(fd), 0, name, strlen(name), NULL, 0, 0);
        else if (flags & O_TRUNC) record('T', inode_of(fd), 0, "", 0, NULL, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;
}

int open(const char *path, int flags, ...) {
    REAL(int, "open", const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(int, "open64", const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(real, path, flags, mode);
}

int close(int fd) {
    REAL(int, "close", int);
    if (fd >= 0 && fd < FILES_MAX) watched[fd] = 0;
    return real(fd);
}

/* Writes at `offset`, or where the file stands when that is negative. */
static ssize_t written(int fd, const struct iovec *parts, int count, off_t offset) {
    if (!is_watched(fd)) {
        return offset < 0 ? syscall(SYS_writev, fd, parts, count)
                          : syscall(SYS_pwritev, fd, parts, count, offset, 0);
    }
    pthread_mutex_lock(&lock);
    off_t at = offset;
    if (at < 0) {
        struct stat found;
        int appends = fcntl(fd, F_GETFL) & O_APPEND;
        at = appends && fstat(fd, &found) == 0 ? found.st_size : lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done = offset < 0 ? syscall(SYS_writev, fd, parts, count)
                              : syscall(SYS_pwritev, fd, parts, count, offset, 0);
    int error = errno;
    if (done > 0) record('W', inode_of(fd), at, "", 0, parts, count, (size_t)done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (!is_watched(fd)) return syscall(SYS_write, fd, bytes, length);
    struct iovec part = {(void *)bytes, length};
    return written(fd, &part, 1, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    struct iovec part = {(void *)bytes, length};
    return written(fd, &part, 1, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    struct iovec part = {(void *)bytes, length};
    return written(fd, &part, 1, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return written(fd, parts, count, -1);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return written(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return written(fd, parts, count, offset);
}

static int cut(int fd, off_t size) {
    if (!is_watched(fd)) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    int error = errno;
    if (done == 0) record('T', inode_of(fd), size, "", 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut(fd, size); }

static int synced(long call, int fd) {
    if (!is_watched(fd)) return (int)syscall(call, fd);
    if (sync_pause_us) usleep(sync_pause_us);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(call, fd);
    int error = errno;
    if (done == 0) record('S', inode_of(fd), 0, "", 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    const char *name = below(path);
    if (!name) return real(path, mode);
    pthread_mutex_lock(&lock);
    int done = real(path, mode), error = errno;
    struct stat found;
    if (done == 0 && stat(path, &found) == 0)
        record('D', found.st_ino, 0, name, strlen(name), NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    const char *old = below(from), *fresh = below(to);
    if (!old || !fresh) return real(from, to);
    char names[8192];
    size_t first = strlen(old) + 1, second = strlen(fresh);
    if (first + second > sizeof names) abort();
    memcpy(names, old, first);
    memcpy(names + first, fresh, second);
    pthread_mutex_lock(&lock);
    int done = real(from, to), error = errno;
    if (done == 0) record('R', 0, 0, names, first + second, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    const char *name = below(path);
    if (!name) return real(path);
    pthread_mutex_lock(&lock);
    int done = real(path), error = errno;
    if (done == 0) record('U', 0, 0, name, strlen(name), NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

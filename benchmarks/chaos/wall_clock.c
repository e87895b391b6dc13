/* A wall clock that can be moved while programs run, as an administrator or NTP would move it.

   The offset in seconds is the signed 64-bit number in the file that CHAOS_CLOCK names. Only the
   wall clock is moved: monotonic clocks go on, and the boot time in /proc/stat moves with the
   wall clock, as the kernel's does.

   cc -shared -fPIC -O2 -o wall_clock.so wall_clock.c
*/

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shared;

static int raw_open(const char *path, int flags, int mode)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CHAOS_CLOCK");
    int file = path ? raw_open(path, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (file < 0)
        return;
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED)
        shared = page;
    close(file);
}

static int64_t offset(void)
{
    return shared ? *shared : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset();
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (kept)
        *kept = precise.tv_sec;
    return precise.tv_sec;
}

/* /proc/stat with its boot time moved, in a file of memory. */
static int moved_boot_time(int file)
{
    static const char name[] = "\nbtime ";
    int memory = (int)syscall(SYS_memfd_create, "stat", 0);
    if (file < 0 || memory < 0)
        return file;
    char text[65536];
    ssize_t length = 0, got;
    while (length < (ssize_t)sizeof text - 1
           && (got = read(file, text + length, sizeof text - 1 - length)) > 0)
        length += got;
    text[length] = 0;
    char *found = strstr(text, name);
    if (found) {
        char *number = found + strlen(name), *rest;
        long long boot = strtoll(number, &rest, 10) + offset();
        dprintf(memory, "%.*s%lld%s", (int)(number - text), text, boot, rest);
    } else {
        dprintf(memory, "%s", text);
    }
    close(file);
    lseek(memory, 0, SEEK_SET);
    return memory;
}

static int opened(const char *path, int flags, int mode)
{
    int file = raw_open(path, flags, mode);
    if (shared && strcmp(path, "/proc/stat") == 0)
        return moved_boot_time(file);
    return file;
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    int mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, int) : 0;
    va_end(more);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    int mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, int) : 0;
    va_end(more);
    return opened(path, flags | O_LARGEFILE, mode);
}

/*
 * Delays every fsync and fdatasync of the process that it is loaded into by
 * 1.5 ms, so that a local disk behaves like network block storage.
 *
 *     cc -shared -fPIC -O2 -o delay.so delay.c -ldl
 *     LD_PRELOAD=./delay.so postgres ...
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <time.h>

typedef int sync_call(int fd);

static int delayed(const char *name, sync_call **known, int fd)
{
	struct timespec left = {0, 1500000};

	if (*known == 0)
		*known = (sync_call *) dlsym(RTLD_NEXT, name);
	if (*known == 0) {
		errno = ENOSYS;
		return -1;
	}
	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		;
	return (*known)(fd);
}

int fsync(int fd)
{
	static sync_call *known;

	return delayed("fsync", &known, fd);
}

int fdatasync(int fd)
{
	static sync_call *known;

	return delayed("fdatasync", &known, fd);
}

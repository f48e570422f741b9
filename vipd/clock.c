#include "vipd/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

struct vrrp_time clock_now(void)
{
	struct timespec ts;
	int ret = clock_gettime(CLOCK_BOOTTIME, &ts);

	assert(ret == 0);
	return (struct vrrp_time){ (int64_t)ts.tv_sec * VRRP_US_PER_S + ts.tv_nsec / 1000 };
}

int clock_boot_id(char ret_boot_id[37])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0) {
		return -errno;
	}
	got = read(fd, ret_boot_id, 36);
	(void)close(fd);
	if (got != 36) {
		return -EIO;
	}
	ret_boot_id[36] = '\0';
	return 0;
}

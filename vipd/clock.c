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

#define TICK_NOMINAL_US 10000 /* 1 s / USER_HZ, which is 100 to every process */
#define PPM_PER_TICK_US 100
#define FREQ_PER_PPM 65536 /* "scaled by 2^16", adjtimex(2) */

int clock_rate_read(struct timex *ret_timex)
{
	struct timex timex = { .modes = 0 };

	if (adjtimex(&timex) < 0) {
		return -errno;
	}
	*ret_timex = timex;
	return 0;
}

uint32_t clock_rate_excess_ppm(const struct timex *timex, uint32_t max_drift_ppm)
{
	int64_t tick = timex->tick < 0 || timex->tick > INT32_MAX ? 0 : timex->tick;
	int64_t freq = timex->freq < INT32_MIN ? INT32_MIN : timex->freq > INT32_MAX ? INT32_MAX : timex->freq;
	int64_t ppm = (tick - TICK_NOMINAL_US) * PPM_PER_TICK_US + freq / FREQ_PER_PPM;
	int64_t excess_ppm = (ppm < 0 ? -ppm : ppm) - max_drift_ppm / 2;

	return excess_ppm <= 0 ? 0 : excess_ppm > UINT32_MAX ? UINT32_MAX : (uint32_t)excess_ppm;
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

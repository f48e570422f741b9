/*
 * The one clock: CLOCK_BOOTTIME of this host, and its rate. Only vipd/ reads it; everything else is given the time.
 */
#ifndef VIPD_CLOCK_H
#define VIPD_CLOCK_H

#include <sys/timex.h>

#include "vrrp/base.h"

/* Now. Never fails: clock_gettime(2) on CLOCK_BOOTTIME cannot, on a kernel this runs on (asserted). */
struct vrrp_time clock_now(void);

/* This boot's id (/proc/sys/kernel/random/boot_id), 36 characters and the 0. Returns 0 or a negative errno. */
int clock_boot_id(char ret_boot_id[37]);

/* What the kernel does to the clock's rate (adjtimex(2), nothing is set). 0, or a negative errno: a seccomp filter. */
int clock_rate_read(struct timex *ret_timex);

/*
 * How far the rate is beyond half of max_drift, in parts per million; 0 = it is not (protocol.md section 9; attacks.md
 * B3). tick and freq together, either way: what chrony and ntpd slew by. Any struct timex is safe input.
 */
uint32_t clock_rate_excess_ppm(const struct timex *timex, uint32_t max_drift_ppm);

#endif

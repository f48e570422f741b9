/*
 * The one clock: CLOCK_BOOTTIME of this host. Only vipd/ reads it; everything else is given the time.
 */
#ifndef VIPD_CLOCK_H
#define VIPD_CLOCK_H

#include "vrrp/base.h"

/* Now. Never fails: clock_gettime(2) on CLOCK_BOOTTIME cannot, on a kernel this runs on (asserted). */
struct vrrp_time clock_now(void);

/* This boot's id (/proc/sys/kernel/random/boot_id), 36 characters and the 0. Returns 0 or a negative errno. */
int clock_boot_id(char ret_boot_id[37]);

#endif

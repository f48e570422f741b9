/*
 * The process: instances, shared sockets, signals, control socket, and the loop they run in (sd-event).
 */
#ifndef VIPD_DAEMON_H
#define VIPD_DAEMON_H

#include "vipd/config.h"
#include "vipd/restart_check.h"

#define DAEMON_EXIT_BUSY 3     /* another daemon has the instance */
#define DAEMON_EXIT_LATER 4    /* it cannot run now; tried again it may */
#define DAEMON_EXIT_RESTART 75 /* start me again: a restart was asked for (EX_TEMPFAIL of sysexits.h) */

/*
 * `self` is what is checked before a restart. Runs until a clean stop is complete: 0, or DAEMON_EXIT_RESTART. -EBUSY:
 * another daemon has an instance; or another negative errno.
 */
int daemon_run(const struct vip_config *config, const struct restart_self *self, struct vip_err *err);

#endif

/*
 * Runs the instance's fence_command, one at a time, in a clean child (checks/exec.h): argv as configured, no shell; who
 * asks and why is in VIPD_* variables. It must end with 0 before anything is promoted (protocol.md section 4.6).
 *
 * Sans-loop: fd, deadline, run. The child's output goes into the log only if it fails.
 */
#ifndef VIPD_FENCE_H
#define VIPD_FENCE_H

#include "checks/exec.h"
#include "vipd/config.h"

struct fence {
	struct exec *child; /* NULL: none runs */
	uint64_t ticket;
};

/* Starts the command for the order `ticket`; an earlier one is killed. 0 or a negative errno with a sentence. */
int fence_start(struct fence *fence, const struct config_instance *instance, size_t self, uint64_t ticket,
	struct vrrp_time now, struct vip_err *err);

/* True when it has ended; *ret_ok: with exit status 0, else err says how. Never blocks. */
bool fence_run(struct fence *fence, struct vrrp_time now, bool *ret_ok, struct vip_err *err);

/* -1 while none runs. */
int fence_fd(const struct fence *fence);
struct vrrp_time fence_deadline(const struct fence *fence);
void fence_close(struct fence *fence);

#endif

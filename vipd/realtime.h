/*
 * Real-time scheduling and locked memory: wished for, never needed. What the system refuses is said once, and the
 * daemon goes on: it is then later under load, and a late daemon loses its lease, not the cluster's data.
 *
 * Only the thread that calls gets the policy; threads and children made afterwards start as SCHED_OTHER
 * (SCHED_RESET_ON_FORK, sched(7)). Memory locks are not inherited by a child (mlockall(2)). Pages are locked as they
 * are touched (MCL_ONFAULT): the daemon does not pin libraries that it never reads.
 */
#ifndef VIPD_REALTIME_H
#define VIPD_REALTIME_H

#include <sys/resource.h>

#include "vipd/config.h"
#include "vrrp/err.h"

/* policy SCHED_RR or SCHED_FIFO. 0, or a negative errno and a sentence; nothing has changed then. */
int realtime_schedule(int policy, int priority, struct vip_err *err);

/*
 * Locks what is mapped and, if the system will lock without a limit, what will be. With a limit the future is left
 * out: mmap(2), and so malloc(3), would fail once it is reached, which is worse than a page that must be read back.
 * 0, 1 (locked, but not what will be mapped), or a negative errno and a sentence.
 */
int realtime_lock_memory(struct vip_err *err);

/* The flags of mlockall(2) for a process with CAP_IPC_LOCK or without, under this RLIMIT_MEMLOCK. */
int realtime_lock_flags(bool may_always, const struct rlimit *limit);

/* Both as configured, for the calling thread; what was refused is logged. */
void realtime_become(const struct vip_config *config);

#endif

#include "vipd/realtime.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vipd/log.h"
#include "vrrp/base.h"

int realtime_schedule(int policy, int priority, struct vip_err *err)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &param) < 0) {
		return vip_err_set(err, -errno,
			"real-time scheduling was refused (%s): under load the lease may be lost", strerror(errno));
	}
	return 0;
}

int realtime_lock_flags(bool may_always, const struct rlimit *limit)
{
	bool all = may_always || limit->rlim_cur == RLIM_INFINITY;

	return MCL_CURRENT | MCL_ONFAULT | (all ? MCL_FUTURE : 0);
}

/* CAP_IPC_LOCK lifts the limit (mlock(2), "Limits and permissions"). */
static bool may_lock_always(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[CAP_IPC_LOCK / 32].effective & UINT32_C(1) << CAP_IPC_LOCK % 32) != 0;
}

int realtime_lock_memory(struct vip_err *err)
{
	struct rlimit limit = { 0, 0 };
	int flags;

	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	flags = realtime_lock_flags(may_lock_always(), &limit);
	if (mlockall(flags) < 0) {
		return vip_err_set(
			err, -errno, "memory could not be locked (%s): swapping may cost the lease", strerror(errno));
	}
	return (flags & MCL_FUTURE) != 0 ? 0 : 1;
}

void realtime_become(const struct vip_config *config)
{
	int policy = config->scheduling == CONFIG_SCHEDULING_FIFO ? SCHED_FIFO : SCHED_RR;
	struct vip_err err = { "" };
	int code;

	if (config->scheduling != CONFIG_SCHEDULING_OTHER &&
		realtime_schedule(policy, config->scheduling_priority, &err) < 0) {
		log_warning(NULL, "%s", err.text);
	}
	if (!config->lock_memory) {
		return;
	}
	code = realtime_lock_memory(&err);
	if (code < 0) {
		log_warning(NULL, "%s", err.text);
	} else if (code > 0) {
		log_notice(NULL, "memory in use is locked, what will be mapped later is not (RLIMIT_MEMLOCK)");
	}
}

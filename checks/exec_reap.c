#include "checks/exec_reap.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXEC_STRAYS_MAX 16

/* Children that exec_free could not reap at once: tried again at each exec_start, so that no zombie stays. */
static int exec_strays[EXEC_STRAYS_MAX] = { [0 ... EXEC_STRAYS_MAX - 1] = -1 };

bool exec_reap(int pidfd, siginfo_t *ret_info)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) != 0) {
		/* Somebody else reaped it: it is gone, how is unknown. */
		info.si_code = CLD_EXITED;
		info.si_status = errno == ECHILD ? 255 : 0;
		info.si_pid = errno == ECHILD ? 1 : 0;
	}
	*ret_info = info;
	return info.si_pid != 0;
}

bool exec_is_zombie(int pidfd)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

void exec_strays_reap(int add)
{
	for (unsigned i = 0; i < EXEC_STRAYS_MAX; i++) {
		siginfo_t info;

		if (exec_strays[i] >= 0 && exec_reap(exec_strays[i], &info)) {
			(void)close(exec_strays[i]);
			exec_strays[i] = -1;
		}
		if (exec_strays[i] < 0 && add >= 0) {
			exec_strays[i] = add;
			add = -1;
		}
	}
	if (add >= 0) {
		(void)close(add); /* so many in D state: init's when we end */
	}
}

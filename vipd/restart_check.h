/*
 * Before a restart: would the next process start? A holder that left, and could not be started again, would leave its
 * address dark. `vipd --check` with this process's own arguments tells, run from the file that the next process will be
 * run from (an upgrade has replaced it by then), in a child: a configuration on a file system that hangs must not hold
 * the loop up.
 *
 * One at a time. It belongs to the loop; done() is called from there.
 */
#ifndef VIPD_RESTART_CHECK_H
#define VIPD_RESTART_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "checks/exec.h"

#define RESTART_CHECK_MS 4000 /* vipctl waits a little longer for its answer */

struct restart_check {
	struct exec *child; /* NULL: none runs */
	sd_event_source *source;
	sd_event_source *timer;
	uint64_t client; /* whom it is for; 0 = nobody waits */
	/* fault: NULL if it would start, else a sentence. */
	void (*done)(void *user, uint64_t client, const char *fault);
	void *user;
};

/* What a daemon is started with, as main() saw it; kept for its life. */
struct restart_self {
	char file[4096];
	char cwd[4096];
	const char *argv[EXEC_ARGS_MAX + 1]; /* with --check; NULL-terminated */
};

/* First thing in main: file and folder are as they were. argv must live on. 0, or a negative errno with a sentence. */
int restart_self_init(struct restart_self *self, int argc, char **argv, struct vip_err *err);

/* Begins; -EBUSY: one runs already. done() and user are set by the caller before. */
int restart_check_start(struct restart_check *check, const struct restart_self *self, sd_event *loop, uint64_t client,
	struct vip_err *err);
/* Ends it without done(). */
void restart_check_close(struct restart_check *check);

#endif

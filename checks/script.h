/*
 * A tracked script (vipd.conf(5), track_script): run every interval in a clean child (exec.h), exit status 0 is good,
 * all else failed: another status, a signal, the timeout, a command that cannot be started.
 *
 * At the timeout the result counts at once; the whole process group gets TERM, two seconds later KILL. What is left of
 * the group when the script itself has ended is killed too. There is never a second run beside one that has not ended:
 * a script that even KILL does not end (waiting for a disk) counts as failed once an interval, until it is gone.
 *
 * A command of another user than root gets no capability and can gain no privilege (PR_SET_NO_NEW_PRIVS). One that runs
 * as root must be such that only root can change it: check_script_path().
 *
 * Sans-loop: poll check_script_fd() for POLLIN, wake at check_script_deadline(), call check_script_run().
 */
#ifndef CHECKS_SCRIPT_H
#define CHECKS_SCRIPT_H

#include "checks/exec.h"
#include "checks/rise_fall.h"

#define CHECK_SCRIPT_SENTENCE_SIZE VIP_ERR_TEXT_MAX

struct check_script;

/* Copied by check_script_new(). */
struct check_script_spec {
	const char *command;          /* words, see exec_command_split() */
	const char *const *env;       /* "NAME=value", NULL-terminated, or NULL */
	const struct exec_user *user; /* NULL: stay who we are */
	int64_t interval_us;          /* from start to start; > 0 */
	int64_t timeout_us;           /* > 0 */
	unsigned rise;
	unsigned fall;
};

/* How it stands, for status and log. */
struct check_script_view {
	enum check_rise_fall_state state;
	unsigned against;        /* results in a row that speak against the state */
	uint64_t runs;           /* that have a result */
	bool good;               /* the last result */
	enum exec_status status; /* … how it ended; EXEC_RUNNING: none yet */
	int code;                /* … its exit status or signal */
	int64_t last_us;         /* … how long it took; -1 = there was none */
	const char *sentence;    /* … in words; bytes of another program. Valid until the next run */
};

/* Ready to be run for the first time at `now`. 0, or a negative errno and no script. */
int check_script_new(const struct check_script_spec *spec, struct vrrp_time now, struct check_script **ret_script,
	struct vip_err *err);
/* Kills what runs; takes NULL. */
void check_script_free(struct check_script *script);

int check_script_fd(const struct check_script *script);
struct vrrp_time check_script_deadline(const struct check_script *script);

/* Starts and ends what is due. True if there is a new result. Never blocks. */
bool check_script_run(struct check_script *script, struct vrrp_time now);

struct check_script_view check_script_view(const struct check_script *script);

/*
 * Whether only root (or `uid`, who runs it) can change that file, the folders above it and those above what it is a
 * link to. 0; -EPERM with the sentence; or what stat(2) says. Looks at the file system: at start only.
 */
int check_script_path(const char *file, uid_t uid, struct vip_err *err);

#endif

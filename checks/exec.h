/*
 * Runs a tool in a clean child and watches it, without ever waiting for it.
 *
 * The daemon may be a real-time process with locked memory, raised limits and capabilities; what it starts (pg_rewind,
 * a script, and above all a postmaster that outlives it) must inherit nothing of that. The child: own session,
 * SCHED_OTHER, nice 0, default signal mask and dispositions, the limits the daemon had at its start (exec_init records
 * them), OOM score adjustment 0, umask 077, no descriptor but 0, 1, 2, no capability once it changed its user, no
 * PR_SET_PDEATHSIG. Between fork and exec it calls async-signal-safe functions only, so threads may exist.
 *
 * Output (stdout and stderr) is read through a non-blocking pipe into a bounded buffer. At the deadline the child's
 * process group gets TERM, after EXEC_TERM_GRACE_MS KILL, and after EXEC_KILL_GRACE_MS more it is given up as stuck
 * (D state): reported and never waited for.
 *
 * Sans-loop: poll exec_fd for POLLIN, wake at exec_deadline, call exec_run. Nothing here reads the clock or logs.
 */
#ifndef CHECKS_EXEC_H
#define CHECKS_EXEC_H

#include <sys/types.h>

#include "vrrp/base.h"
#include "vrrp/err.h"

#define EXEC_ARGS_MAX 64
#define EXEC_ENV_MAX 32
#define EXEC_GROUPS_MAX 64
#define EXEC_TEXT_TAIL_BYTES 4096
#define EXEC_TEXT_ALL_BYTES 65536
#define EXEC_TERM_GRACE_MS 2000
#define EXEC_KILL_GRACE_MS 2000
#define EXEC_COMMAND_BYTES_MAX 4096

/* Whom a child becomes. Filled by exec_user_find_* before any fork: the child asks no name service. */
struct exec_user {
	uid_t uid;
	gid_t gid;
	unsigned groups_count;
	gid_t groups[EXEC_GROUPS_MAX];
	char name[64];
	char home[256];
};

enum exec_capture {
	EXEC_CAPTURE_TAIL, /* the last EXEC_TEXT_TAIL_BYTES of stdout and stderr */
	EXEC_CAPTURE_ALL   /* the first EXEC_TEXT_ALL_BYTES of stdout and stderr */
};

/* All pointers are read during exec_start only. */
struct exec_spec {
	const char *file;             /* absolute path to run */
	const char *const *argv;      /* NULL-terminated, at most EXEC_ARGS_MAX; argv[0] need not be file */
	const char *const *env;       /* "NAME=value", NULL-terminated or NULL; added to PATH, LANG=C, HOME, USER */
	const struct exec_user *user; /* NULL: stay who we are */
	const char *cwd;              /* NULL: "/" */
	int64_t timeout_ms;           /* > 0 */
	enum exec_capture capture;
	bool whole_group;       /* what is left of its process group is killed when it ends, however it does */
	bool no_new_privileges; /* PR_SET_NO_NEW_PRIVS: no setuid program gives it any */
};

enum exec_status {
	EXEC_RUNNING,
	EXEC_EXITED,   /* code = exit status */
	EXEC_SIGNALED, /* code = signal */
	EXEC_TIMEOUT,  /* killed at its deadline; code = signal that ended it */
	EXEC_STUCK,    /* did not die of SIGKILL in time; given up */
	EXEC_FAILED    /* never became the tool; code = errno of the step that failed */
};

struct exec_result {
	enum exec_status status;
	int code;
	bool truncated; /* text is not all that was said */
	size_t text_bytes;
	const char *text; /* 0-terminated, owned by the exec; bytes of another program: never a format string */
};

struct exec;

/*
 * Records the limits of this process, to be given to every child. Call once, first thing in main, before any limit
 * is raised. Without it children inherit what the daemon has.
 */
void exec_init(void);

/* Looks up a user by name or by uid, with its supplementary groups. 0, -ENOENT, or another negative errno. */
int exec_user_find_name(const char *name, struct exec_user *ret_user, struct vip_err *err);
int exec_user_find_uid(uid_t uid, struct exec_user *ret_user, struct vip_err *err);

/*
 * Splits a configured command into words: blanks separate, '…' and "…" and \c quote, nothing is expanded, no shell is
 * ever involved. storage holds the words' bytes; ret_argv gets at most EXEC_ARGS_MAX pointers into it and a NULL.
 * 0, -EINVAL (unbalanced quote, empty, first word not an absolute path) or -E2BIG.
 */
int exec_command_split(const char *command, char storage[EXEC_COMMAND_BYTES_MAX],
	const char *ret_argv[EXEC_ARGS_MAX + 1], struct vip_err *err);

/* Starts the tool. 0 and *ret_exec (free with exec_free), or a negative errno. now: the caller's clock. */
int exec_start(const struct exec_spec *spec, struct vrrp_time now, struct exec **ret_exec, struct vip_err *err);

/* Descriptor to poll for POLLIN; the same for the exec's life. */
int exec_fd(const struct exec *exec);
struct vrrp_time exec_deadline(const struct exec *exec);

/* Reads what there is, kills what is late. Anything but EXEC_RUNNING is final. */
enum exec_status exec_run(struct exec *exec, struct vrrp_time now);

/* Asks for the end now, as if the deadline had come; the final status will be EXEC_TIMEOUT or EXEC_STUCK. */
void exec_cancel(struct exec *exec, struct vrrp_time now);

/* The result so far; text grows until the end. Valid until exec_free. */
struct exec_result exec_result(const struct exec *exec);

/* One sentence about a final result: "pg_rewind: exit status 1: <last line said>". Writes at most size bytes. */
void exec_result_describe(const struct exec *exec, char *text, size_t size);

pid_t exec_pid(const struct exec *exec);

/* Kills a child still running (its whole group) and reaps it if it dies at once; takes NULL. */
void exec_free(struct exec *exec);

#endif

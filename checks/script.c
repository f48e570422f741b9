#include "checks/script.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checks/watch.h"

#define SCRIPT_ENV_MAX 8
#define SCRIPT_ENV_SIZE 128

struct check_script {
	struct check_watch watch;
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	char env_text[SCRIPT_ENV_MAX][SCRIPT_ENV_SIZE];
	const char *env[SCRIPT_ENV_MAX + 1];
	bool has_user;
	struct exec_user user;
	int64_t interval_us;
	int64_t timeout_us;
	struct check_rise_fall count;
	struct exec *child; /* NULL: none runs */
	int stuck_fd;       /* pidfd of the last child: readable when it is gone; -1 */
	bool stuck;         /* it was given up, and is not gone */
	bool counted;       /* the run under way has its result already */
	struct vrrp_time started;
	struct vrrp_time next;
	uint64_t runs;
	bool good;
	enum exec_status status;
	int code;
	int64_t last_us;
	char sentence[CHECK_SCRIPT_SENTENCE_SIZE];
};

static void env_copy(struct check_script *script, const char *const *env)
{
	for (unsigned i = 0; env != NULL && env[i] != NULL; i++) {
		assert(i < SCRIPT_ENV_MAX);
		(void)snprintf(script->env_text[i], SCRIPT_ENV_SIZE, "%s", env[i]);
		script->env[i] = script->env_text[i];
	}
}

int check_script_new(const struct check_script_spec *spec, struct vrrp_time now, struct check_script **ret_script,
	struct vip_err *err)
{
	struct check_script *script = calloc(1, sizeof(*script));
	int code;

	assert(spec->interval_us > 0 && spec->timeout_us > 0 && spec->rise >= 1 && spec->fall >= 1);
	if (script == NULL) {
		return vip_err_set(err, -ENOMEM, "script %s: out of memory", spec->command);
	}
	script->watch.epoll_fd = script->stuck_fd = -1;
	code = exec_command_split(spec->command, script->storage, script->argv, err);
	if (code == 0) {
		code = check_watch_open(&script->watch, err);
	}
	if (code < 0) {
		check_script_free(script);
		return code;
	}
	env_copy(script, spec->env);
	if (spec->user != NULL) {
		script->has_user = true;
		script->user = *spec->user;
	}
	script->interval_us = spec->interval_us;
	script->timeout_us = spec->timeout_us;
	script->count = (struct check_rise_fall){ .rise = spec->rise, .fall = spec->fall };
	script->next = now;
	script->status = EXEC_RUNNING;
	script->last_us = -1;
	*ret_script = script;
	return 0;
}

static void stuck_close(struct check_script *script)
{
	if (script->stuck_fd >= 0) {
		(void)close(script->stuck_fd);
	}
	script->stuck_fd = -1;
	script->stuck = false;
}

static void child_end(struct check_script *script)
{
	if (script->child != NULL) {
		(void)check_watch_set(&script->watch, exec_fd(script->child), 0, NULL);
		exec_free(script->child);
	}
	script->child = NULL;
}

void check_script_free(struct check_script *script)
{
	if (script == NULL) {
		return;
	}
	child_end(script);
	stuck_close(script);
	check_watch_close(&script->watch);
	free(script);
}

int check_script_fd(const struct check_script *script)
{
	return script->watch.epoll_fd;
}

struct vrrp_time check_script_deadline(const struct check_script *script)
{
	struct vrrp_time at;

	if (script->child == NULL) {
		return script->next;
	}
	at = exec_deadline(script->child);
	return script->counted ? at : vrrp_time_min(at, vrrp_time_add(script->started, script->timeout_us));
}

static void result(struct check_script *script, bool good, struct vrrp_time now)
{
	script->good = good;
	script->runs++;
	script->counted = true;
	script->last_us = vrrp_time_diff_us(now, script->started);
	(void)check_rise_fall_take(&script->count, good);
}

/* True if it could not be started, which is a result. */
static bool start(struct check_script *script, struct vrrp_time now)
{
	struct exec_spec spec = { .file = script->argv[0],
		.argv = script->argv,
		.env = script->env,
		.user = script->has_user ? &script->user : NULL,
		.timeout_ms = (script->timeout_us + VRRP_US_PER_MS - 1) / VRRP_US_PER_MS,
		.capture = EXEC_CAPTURE_TAIL,
		.whole_group = true,
		.no_new_privileges = script->has_user && script->user.uid != 0 };
	struct vip_err err = { "" };
	int code;

	script->started = now;
	script->next = vrrp_time_add(now, script->interval_us);
	script->counted = false;
	code = exec_start(&spec, now, &script->child, &err);
	if (code == 0) {
		code = check_watch_set(&script->watch, exec_fd(script->child), EPOLLIN, &err);
		/* Not reaped yet, so the number is still its own. */
		script->stuck_fd = (int)syscall(SYS_pidfd_open, exec_pid(script->child), 0);
	}
	if (code == 0) {
		return false;
	}
	child_end(script);
	stuck_close(script);
	script->status = EXEC_FAILED;
	script->code = -code;
	(void)snprintf(script->sentence, sizeof(script->sentence), "%s", err.text);
	result(script, false, now);
	return true;
}

/* What was given up as stuck has gone meanwhile. */
static bool is_gone(const struct check_script *script)
{
	struct pollfd poll_fd = { .fd = script->stuck_fd, .events = POLLIN };

	return script->stuck_fd < 0 || poll(&poll_fd, 1, 0) == 1;
}

/* Another interval in which the last run is still there. */
static bool still_stuck(struct check_script *script, struct vrrp_time now)
{
	script->next = vrrp_time_add(now, script->interval_us);
	(void)check_rise_fall_take(&script->count, false);
	script->runs++;
	return true;
}

static bool child_run(struct check_script *script, struct vrrp_time now)
{
	enum exec_status status = exec_run(script->child, now);
	bool late = !vrrp_time_before(now, vrrp_time_add(script->started, script->timeout_us));
	bool is_new = !script->counted && (status != EXEC_RUNNING || late);

	if (status == EXEC_RUNNING && !is_new) {
		return false;
	}
	if (is_new || status == EXEC_STUCK) {
		script->status = status == EXEC_RUNNING ? EXEC_TIMEOUT : status;
		script->code = status == EXEC_RUNNING ? 0 : exec_result(script->child).code;
		exec_result_describe(script->child, script->sentence, sizeof(script->sentence));
	}
	if (is_new && status == EXEC_RUNNING) {
		(void)snprintf(script->sentence, sizeof(script->sentence), "not done within %lld ms, killed",
			(long long)(script->timeout_us / VRRP_US_PER_MS));
	}
	if (is_new) {
		result(script, status == EXEC_EXITED && script->code == 0, now);
	}
	if (status != EXEC_RUNNING) {
		script->stuck = status == EXEC_STUCK;
		child_end(script);
		if (!script->stuck) {
			stuck_close(script);
		}
	}
	return is_new;
}

bool check_script_run(struct check_script *script, struct vrrp_time now)
{
	if (script->child != NULL) {
		return child_run(script, now);
	}
	if (vrrp_time_before(now, script->next)) {
		return false;
	}
	if (script->stuck && !is_gone(script)) {
		return still_stuck(script, now);
	}
	stuck_close(script);
	return start(script, now);
}

struct check_script_view check_script_view(const struct check_script *script)
{
	return (struct check_script_view){ .state = script->count.state,
		.against = script->count.against,
		.runs = script->runs,
		.good = script->good,
		.status = script->status,
		.code = script->code,
		.last_us = script->last_us,
		.sentence = script->sentence };
}

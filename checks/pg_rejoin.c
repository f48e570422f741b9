#include "checks/pg_rejoin.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checks/pg_rejoin_step.h"
#include "checks/pg_task.h"
#include "checks/watch.h"

/* What an operation consists of; a step that does not apply (no start_command …) is skipped. */
static const enum pg_step pg_plans[][PG_STEPS_MAX] = {
	[PG_OPERATION_STOP] = { PG_STEP_STOP_COMMAND, PG_STEP_STOP, PG_STEP_END },
	[PG_OPERATION_START] = { PG_STEP_START, PG_STEP_PREPARE, PG_STEP_START_COMMAND, PG_STEP_END },
	/* Crash recovery comes before pg_rewind and takes its time: the source may have become another meanwhile. */
	[PG_OPERATION_REWIND] = { PG_STEP_SOURCE, PG_STEP_REWIND, PG_STEP_SOURCE, PG_STEP_END },
	[PG_OPERATION_CLONE] = { PG_STEP_CLONE_CHECK, PG_STEP_BASEBACKUP, PG_STEP_CLONE_SWAP, PG_STEP_END },
	[PG_OPERATION_SEAL] = { PG_STEP_SEAL, PG_STEP_REPORT, PG_STEP_END },
	[PG_OPERATION_INSPECT] = { PG_STEP_REPORT, PG_STEP_END },
};

struct pg_rejoin {
	struct pg_rejoin_config config;
	struct check_watch watch;
	struct exec *exec;
	int stuck_pidfd; /* of a step's child that even SIGKILL does not end; -1 = none */
	struct pg_task *task;
	struct pg_step_wish wish;
	enum pg_operation operation;
	unsigned step; /* index into the plan */
	bool asking;   /* the step is a question to the source, not a child */
	enum pg_rejoin_status status;
	struct vrrp_time deadline;
	int error;
	pid_t started_pid;
	struct vip_err sentence;
	struct pg_datadir_report report;
	char progress[PG_REJOIN_PROGRESS_BYTES];
};

static enum pg_step pg_rejoin_step(const struct pg_rejoin *rejoin)
{
	return pg_plans[rejoin->operation][rejoin->step];
}

int pg_rejoin_new(const struct pg_rejoin_config *config, struct pg_rejoin **ret_rejoin, struct vip_err *err)
{
	struct pg_rejoin *rejoin = calloc(1, sizeof(*rejoin));
	int result;

	if (rejoin == NULL) {
		return vip_err_set(err, -ENOMEM, "rejoin: out of memory");
	}
	rejoin->config = *config;
	rejoin->watch.epoll_fd = -1;
	rejoin->stuck_pidfd = -1;
	result = check_watch_open(&rejoin->watch, err);
	if (result == 0) {
		result = pg_task_new(&rejoin->task, err);
	}
	if (result == 0) {
		result = check_watch_set(&rejoin->watch, pg_task_fd(rejoin->task), EPOLLIN, err);
	}
	if (result < 0) {
		pg_rejoin_free(rejoin);
		return result;
	}
	*ret_rejoin = rejoin;
	return 0;
}

static void pg_rejoin_exec_drop(struct pg_rejoin *rejoin)
{
	if (rejoin->exec != NULL) {
		(void)check_watch_set(&rejoin->watch, exec_fd(rejoin->exec), 0, NULL);
		exec_free(rejoin->exec);
		rejoin->exec = NULL;
	}
}

void pg_rejoin_free(struct pg_rejoin *rejoin)
{
	if (rejoin != NULL) {
		pg_rejoin_exec_drop(rejoin);
		if (rejoin->stuck_pidfd >= 0) {
			(void)close(rejoin->stuck_pidfd);
		}
		pg_task_free(rejoin->task);
		check_watch_close(&rejoin->watch);
		free(rejoin);
	}
}

int pg_rejoin_fd(const struct pg_rejoin *rejoin)
{
	return rejoin->watch.epoll_fd;
}

struct vrrp_time pg_rejoin_deadline(const struct pg_rejoin *rejoin)
{
	if (rejoin->status != PG_REJOIN_RUNNING) {
		return VRRP_TIME_NEVER;
	}
	return rejoin->asking ? pg_task_deadline(rejoin->task) : exec_deadline(rejoin->exec);
}

const char *pg_rejoin_progress(const struct pg_rejoin *rejoin)
{
	return rejoin->progress;
}

int pg_rejoin_error(const struct pg_rejoin *rejoin)
{
	return rejoin->error;
}

const char *pg_rejoin_sentence(const struct pg_rejoin *rejoin)
{
	return rejoin->sentence.text;
}

const struct pg_datadir_report *pg_rejoin_report(const struct pg_rejoin *rejoin)
{
	return &rejoin->report;
}

pid_t pg_rejoin_started_pid(const struct pg_rejoin *rejoin)
{
	return rejoin->started_pid;
}

static int64_t pg_rejoin_left_ms(const struct pg_rejoin *rejoin, struct vrrp_time now)
{
	int64_t left_ms = vrrp_time_diff_us(rejoin->deadline, now) / VRRP_US_PER_MS;

	return left_ms < 1 ? 1 : left_ms;
}

static void pg_rejoin_fail(struct pg_rejoin *rejoin, int error)
{
	rejoin->status = PG_REJOIN_FAILED;
	rejoin->error = error;
	pg_rejoin_exec_drop(rejoin);
	pg_task_cancel(rejoin->task);
}

static int pg_rejoin_begin_step(struct pg_rejoin *rejoin, struct vrrp_time now)
{
	enum pg_step step = pg_rejoin_step(rejoin);
	int64_t left_ms = pg_rejoin_left_ms(rejoin, now);
	int result;

	(void)snprintf(rejoin->progress, sizeof(rejoin->progress), "%s", pg_step_name(step));
	rejoin->asking = step == PG_STEP_SOURCE;
	if (rejoin->asking) {
		struct pg_script script = { 0 };

		(void)pg_script_add(&script, "%s", pg_step_source_sql());
		return pg_task_start(rejoin->task, rejoin->wish.source, &script,
			left_ms < PG_STEP_SOURCE_TIMEOUT_MS ? left_ms : PG_STEP_SOURCE_TIMEOUT_MS, now,
			&rejoin->sentence);
	}
	result = pg_step_exec(step, &rejoin->config, &rejoin->wish, left_ms, now, &rejoin->exec, &rejoin->sentence);
	return result < 0 ? result : check_watch_set(&rejoin->watch, exec_fd(rejoin->exec), EPOLLIN, &rejoin->sentence);
}

/* Goes on to the next step that applies, or to the end. */
static void pg_rejoin_next(struct pg_rejoin *rejoin, struct vrrp_time now)
{
	int result;

	while (pg_step_is_skipped(pg_rejoin_step(rejoin), &rejoin->config)) {
		rejoin->step++;
	}
	if (pg_rejoin_step(rejoin) == PG_STEP_END) {
		rejoin->status = PG_REJOIN_DONE;
		return;
	}
	result = pg_rejoin_begin_step(rejoin, now);
	if (result < 0) {
		pg_rejoin_fail(rejoin, result);
	}
}

/* A child that waits for a disk: the next one would only hang beside it. Not reaped yet, so the number is still its
 * own. */
static void pg_rejoin_note_stuck(struct pg_rejoin *rejoin)
{
	if (rejoin->stuck_pidfd < 0) {
		rejoin->stuck_pidfd = (int)syscall(SYS_pidfd_open, exec_pid(rejoin->exec), 0);
	}
}

static bool pg_rejoin_is_stuck(struct pg_rejoin *rejoin)
{
	struct pollfd fd = { .fd = rejoin->stuck_pidfd, .events = POLLIN };

	if (rejoin->stuck_pidfd < 0 || poll(&fd, 1, 0) <= 0) {
		return rejoin->stuck_pidfd >= 0;
	}
	(void)close(rejoin->stuck_pidfd);
	rejoin->stuck_pidfd = -1;
	return false;
}

/* Begins an operation whose wish is filled in. */
static int pg_rejoin_begin(struct pg_rejoin *rejoin, enum pg_operation operation, const struct pg_step_wish *wish,
	int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	assert(timeout_ms > 0);
	if (rejoin->status == PG_REJOIN_RUNNING) {
		return vip_err_set(err, -EBUSY, "PostgreSQL is busy: %s", rejoin->progress);
	}
	if (pg_rejoin_is_stuck(rejoin)) {
		return vip_err_set(err, -EBUSY, "an earlier helper still waits for a disk: %s", rejoin->progress);
	}
	rejoin->wish = *wish;
	rejoin->operation = operation;
	rejoin->step = 0;
	rejoin->status = PG_REJOIN_RUNNING;
	rejoin->error = 0;
	rejoin->started_pid = 0;
	rejoin->sentence.text[0] = '\0';
	rejoin->deadline = vrrp_time_add(now, timeout_ms * VRRP_US_PER_MS);
	pg_rejoin_next(rejoin, now);
	if (rejoin->status == PG_REJOIN_FAILED) {
		return vip_err_set(err, rejoin->error, "%s", rejoin->sentence.text);
	}
	return 0;
}

static int pg_rejoin_text(char *to, size_t size, const char *what, const char *from, struct vip_err *err)
{
	if (strlen(from) >= size) {
		return vip_err_set(err, -E2BIG, "%s is longer than %zu bytes", what, size - 1);
	}
	(void)snprintf(to, size, "%s", from);
	return 0;
}

int pg_rejoin_stop(struct pg_rejoin *rejoin, enum pg_stop_mode mode, bool as_standby, int postmaster_pidfd,
	int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	struct pg_step_wish wish = { .immediate = mode == PG_STOP_IMMEDIATE, .as_standby = as_standby };

	if (postmaster_pidfd >= 0 && rejoin->status != PG_REJOIN_RUNNING) {
		(void)syscall(SYS_pidfd_send_signal, postmaster_pidfd, wish.immediate ? SIGQUIT : SIGINT, NULL, 0);
	}
	return pg_rejoin_begin(rejoin, PG_OPERATION_STOP, &wish, timeout_ms, now, err);
}

int pg_rejoin_start(struct pg_rejoin *rejoin, const char *primary_conninfo, const char *slot, int64_t timeout_ms,
	struct vrrp_time now, struct vip_err *err)
{
	struct pg_step_wish wish = { 0 };

	if (pg_rejoin_text(wish.conninfo, sizeof(wish.conninfo), "primary_conninfo", primary_conninfo, err) < 0 ||
		pg_rejoin_text(wish.slot, sizeof(wish.slot), "slot", slot, err) < 0) {
		return -E2BIG;
	}
	return pg_rejoin_begin(rejoin, PG_OPERATION_START, &wish, timeout_ms, now, err);
}

int pg_rejoin_rewind(struct pg_rejoin *rejoin, const char *source, uint32_t timeline, uint64_t system_identifier,
	int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	struct pg_step_wish wish = { .timeline = timeline, .system_identifier = system_identifier };

	if (pg_rejoin_text(wish.source, sizeof(wish.source), "rewind_conninfo", source, err) < 0) {
		return -E2BIG;
	}
	return pg_rejoin_begin(rejoin, PG_OPERATION_REWIND, &wish, timeout_ms, now, err);
}

int pg_rejoin_clone(struct pg_rejoin *rejoin, const char *upstream, const char *slot, int64_t timeout_ms,
	struct vrrp_time now, struct vip_err *err)
{
	struct pg_step_wish wish = { 0 };

	if (pg_rejoin_text(wish.conninfo, sizeof(wish.conninfo), "upstream", upstream, err) < 0 ||
		pg_rejoin_text(wish.slot, sizeof(wish.slot), "slot", slot, err) < 0) {
		return -E2BIG;
	}
	return pg_rejoin_begin(rejoin, PG_OPERATION_CLONE, &wish, timeout_ms, now, err);
}

int pg_rejoin_seal(struct pg_rejoin *rejoin, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	struct pg_step_wish wish = { 0 };

	return pg_rejoin_begin(rejoin, PG_OPERATION_SEAL, &wish, timeout_ms, now, err);
}

int pg_rejoin_inspect(
	struct pg_rejoin *rejoin, uint32_t timeline, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	struct pg_step_wish wish = { .timeline = timeline };

	return pg_rejoin_begin(rejoin, PG_OPERATION_INSPECT, &wish, timeout_ms, now, err);
}

/* A child has ended well: what did it say? 0, or the operation's failure. */
static int pg_rejoin_said(struct pg_rejoin *rejoin, const struct exec_result *result)
{
	const char *started = strstr(result->text, "started=");

	if (pg_rejoin_step(rejoin) == PG_STEP_START && started != NULL) {
		rejoin->started_pid = (pid_t)strtol(started + strlen("started="), NULL, 10);
	}
	return pg_rejoin_step(rejoin) == PG_STEP_REPORT
		       ? pg_datadir_parse_output(result->text, &rejoin->report, &rejoin->sentence)
		       : 0;
}

static void pg_rejoin_run_exec(struct pg_rejoin *rejoin, struct vrrp_time now)
{
	enum pg_step step = pg_rejoin_step(rejoin);
	enum exec_status status = exec_run(rejoin->exec, now);
	struct exec_result result = exec_result(rejoin->exec);
	int error = 0;

	if (status == EXEC_RUNNING) {
		if (step == PG_STEP_BASEBACKUP || step == PG_STEP_REWIND) {
			exec_result_describe(rejoin->exec, rejoin->progress, sizeof(rejoin->progress));
		}
		return;
	}
	if (status == EXEC_EXITED && result.code == 0) {
		error = pg_rejoin_said(rejoin, &result);
	} else if (step != PG_STEP_STOP_COMMAND) { /* the signals that follow decide */
		error = pg_step_error(step, &result);
		exec_result_describe(rejoin->exec, rejoin->sentence.text, sizeof(rejoin->sentence.text));
	}
	if (status == EXEC_STUCK) {
		pg_rejoin_note_stuck(rejoin);
	}
	pg_rejoin_exec_drop(rejoin);
	if (error < 0) {
		pg_rejoin_fail(rejoin, error);
		return;
	}
	rejoin->step++;
	pg_rejoin_next(rejoin, now);
}

static void pg_rejoin_run_task(struct pg_rejoin *rejoin, struct vrrp_time now)
{
	enum pg_task_status status = pg_task_run(rejoin->task, now);
	int error = 0;

	if (status == PG_TASK_RUNNING) {
		return;
	}
	if (status == PG_TASK_DONE) {
		error = pg_step_source_check(pg_task_rows(rejoin->task), rejoin->wish.timeline,
			rejoin->wish.system_identifier, &rejoin->sentence);
	} else {
		error = vip_err_set(&rejoin->sentence, -ENOTCONN, "ask the source: %s", pg_task_sentence(rejoin->task));
	}
	if (error < 0) {
		pg_rejoin_fail(rejoin, rejoin->step == 0 ? error : -ENOTRECOVERABLE);
		return;
	}
	rejoin->step++;
	pg_rejoin_next(rejoin, now);
}

enum pg_rejoin_status pg_rejoin_run(struct pg_rejoin *rejoin, struct vrrp_time now)
{
	if (rejoin->status == PG_REJOIN_RUNNING && rejoin->asking) {
		pg_rejoin_run_task(rejoin, now);
	} else if (rejoin->status == PG_REJOIN_RUNNING) {
		pg_rejoin_run_exec(rejoin, now);
	} else {
		(void)pg_task_run(rejoin->task, now); /* an idle connection to the source may end */
	}
	return rejoin->status;
}

void pg_rejoin_cancel(struct pg_rejoin *rejoin, struct vrrp_time now)
{
	(void)now;
	if (rejoin->status == PG_REJOIN_RUNNING) {
		(void)vip_err_set(&rejoin->sentence, -ECANCELED, "cancelled: %s", rejoin->progress);
		pg_rejoin_fail(rejoin, -ECANCELED);
	}
}

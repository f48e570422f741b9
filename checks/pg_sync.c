#include "checks/pg_sync.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "checks/pg_query.h"
#include "checks/pg_task.h"
#include "checks/watch.h"

#define PG_SYNC_POLL_FIRST_MS 1 /* between two looks; these double */
#define PG_SYNC_POLL_LAST_MS 16
#define PG_SYNC_PIDS_BYTES 4096
#define PG_SYNC_TURNS_MAX 16 /* answers taken in one run */

/* What the main connection is busy with. */
enum pg_sync_step {
	PG_SYNC_STEP_WRITE,  /* ALTER SYSTEM, reload */
	PG_SYNC_STEP_LOOK,   /* is the list read so? */
	PG_SYNC_STEP_END,    /* walsenders, and what an earlier order of ours left waiting */
	PG_SYNC_STEP_GONE,   /* are they gone? */
	PG_SYNC_STEP_CANARY, /* the other connection says its pid */
	PG_SYNC_STEP_WATCH,  /* does its commit wait? */
	PG_SYNC_STEP_CANCEL, /* it is cancelled */
	PG_SYNC_STEP_ENDED   /* … and has ended */
};

struct pg_sync {
	struct check_watch watch;
	struct pg_task *main;
	struct pg_task *canary;
	char conninfo[PG_CONNINFO_BYTES_MAX];
	struct pg_sync_members members;
	enum pg_sync_status status;
	enum pg_sync_step step;
	struct vrrp_time deadline;
	struct vrrp_time poll; /* when to look again; VRRP_TIME_NEVER: an answer is awaited */
	int64_t poll_ms;
	bool drops;   /* the order is a drop */
	bool proved;  /* a commit was seen to wait */
	bool nobody;  /* for the proof the list is nobody's now */
	bool commits; /* the canary's commit is on its way */
	bool asked;   /* the main connection's answer is awaited */
	bool canary_asked;
	unsigned k;
	uint64_t canary_pid;
	char want[PG_SYNC_TEXT_BYTES];  /* the list to be in force at the end */
	char write[PG_SYNC_TEXT_BYTES]; /* … to be in force now */
	char pids[PG_SYNC_PIDS_BYTES];  /* '{1,2}' of the ended walsenders */
	struct vip_err sentence;
	struct pg_script script;
};

int pg_sync_new(
	const char *conninfo, const struct pg_sync_members *members, struct pg_sync **ret_sync, struct vip_err *err)
{
	struct pg_sync *sync = calloc(1, sizeof(*sync));
	int result;

	if (sync == NULL) {
		return vip_err_set(err, -ENOMEM, "synchronous_standby_names: out of memory");
	}
	sync->watch.epoll_fd = -1;
	sync->members = *members;
	(void)snprintf(sync->conninfo, sizeof(sync->conninfo), "%s", conninfo);
	result = check_watch_open(&sync->watch, err);
	if (result == 0) {
		result = pg_task_new(&sync->main, err);
	}
	if (result == 0) {
		result = pg_task_new(&sync->canary, err);
	}
	if (result == 0) {
		result = check_watch_set(&sync->watch, pg_task_fd(sync->main), EPOLLIN, err);
	}
	if (result == 0) {
		result = check_watch_set(&sync->watch, pg_task_fd(sync->canary), EPOLLIN, err);
	}
	if (result < 0) {
		pg_sync_free(sync);
		return result;
	}
	*ret_sync = sync;
	return 0;
}

void pg_sync_free(struct pg_sync *sync)
{
	if (sync != NULL) {
		pg_task_free(sync->main);
		pg_task_free(sync->canary);
		check_watch_close(&sync->watch);
		free(sync);
	}
}

int pg_sync_fd(const struct pg_sync *sync)
{
	return sync->watch.epoll_fd;
}

struct vrrp_time pg_sync_deadline(const struct pg_sync *sync)
{
	struct vrrp_time at = vrrp_time_min(pg_task_deadline(sync->main), pg_task_deadline(sync->canary));

	return sync->status == PG_SYNC_RUNNING ? vrrp_time_min(at, vrrp_time_min(sync->deadline, sync->poll))
					       : VRRP_TIME_NEVER;
}

const char *pg_sync_sentence(const struct pg_sync *sync)
{
	return sync->sentence.text;
}

/* The canary's commit, if it waits, is cancelled by the next order (pg_sync_end_sql). */
void pg_sync_cancel(struct pg_sync *sync)
{
	pg_task_cancel(sync->main);
	pg_task_cancel(sync->canary);
	sync->asked = sync->canary_asked = false;
	sync->poll = VRRP_TIME_NEVER;
	sync->status = PG_SYNC_IDLE;
}

static void pg_sync_fail(struct pg_sync *sync)
{
	pg_sync_cancel(sync);
	sync->status = PG_SYNC_FAILED;
}

/* A little more than is left: what the deadline of the order says is more than that no answer came. */
static int64_t pg_sync_left_ms(const struct pg_sync *sync, struct vrrp_time now)
{
	int64_t left_ms = vrrp_time_diff_us(sync->deadline, now) / VRRP_US_PER_MS;

	return (left_ms < 1 ? 1 : left_ms) + PG_SYNC_POLL_LAST_MS;
}

/* Runs sync->script on the main connection. */
static void pg_sync_ask(struct pg_sync *sync, enum pg_sync_step step, struct vrrp_time now)
{
	sync->poll = VRRP_TIME_NEVER;
	sync->step = step;
	sync->asked = true;
	if (pg_task_start(sync->main, sync->conninfo, &sync->script, pg_sync_left_ms(sync, now), now, &sync->sentence) <
		0) {
		pg_sync_fail(sync);
	}
}

/* Looks in a while, the next time in twice that. */
static void pg_sync_poll_later(struct pg_sync *sync, struct vrrp_time now)
{
	sync->poll = vrrp_time_add(now, sync->poll_ms * VRRP_US_PER_MS);
	sync->poll_ms = sync->poll_ms * 2 < PG_SYNC_POLL_LAST_MS ? sync->poll_ms * 2 : PG_SYNC_POLL_LAST_MS;
}

static void pg_sync_poll(struct pg_sync *sync, enum pg_sync_step step, struct vrrp_time now)
{
	int result = 0;

	sync->script.count = 0;
	if (step == PG_SYNC_STEP_LOOK) {
		result = pg_script_add(&sync->script, "SELECT pg_catalog.current_setting('synchronous_standby_names')");
	} else if (step == PG_SYNC_STEP_GONE) {
		result = pg_script_add(&sync->script,
			"SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_get_wal_senders() AS w"
			" WHERE w.pid = ANY ('%s'::int[])",
			sync->pids);
	} else {
		result = pg_script_add(&sync->script,
			"SELECT a.wait_event FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = %llu",
			(unsigned long long)sync->canary_pid);
	}
	assert(result == 0);
	pg_sync_ask(sync, step, now);
}

/* Puts a list into force. */
static void pg_sync_write(struct pg_sync *sync, const char *list, struct vrrp_time now)
{
	char literal[2 * PG_SYNC_TEXT_BYTES + 8];
	int result = pg_literal(list, literal, sizeof(literal));

	assert(result == 0); /* names have no control characters */
	(void)memmove(sync->write, list, strlen(list) + 1);
	sync->script.count = 0;
	result = pg_script_add(&sync->script, "ALTER SYSTEM SET synchronous_standby_names = %s", literal);
	assert(result == 0);
	result = pg_script_add(&sync->script, "SELECT pg_catalog.pg_reload_conf()");
	assert(result == 0);
	sync->poll_ms = PG_SYNC_POLL_FIRST_MS;
	pg_sync_ask(sync, PG_SYNC_STEP_WRITE, now);
}

static void pg_sync_begin(struct pg_sync *sync, unsigned k, bool drops, int64_t timeout_ms, struct vrrp_time now)
{
	assert(sync->status != PG_SYNC_RUNNING && timeout_ms > 0);
	sync->status = PG_SYNC_RUNNING;
	(void)vip_err_set(&sync->sentence, -ETIMEDOUT, "PostgreSQL did not answer in time");
	sync->deadline = vrrp_time_add(now, timeout_ms * VRRP_US_PER_MS);
	sync->poll_ms = PG_SYNC_POLL_FIRST_MS;
	sync->k = k;
	sync->drops = drops;
	sync->proved = sync->nobody = sync->commits = false;
	sync->poll = VRRP_TIME_NEVER;
}

static int pg_sync_begun(struct pg_sync *sync, struct vip_err *err)
{
	if (sync->status == PG_SYNC_FAILED) {
		sync->status = PG_SYNC_IDLE;
		return vip_err_set(err, -EIO, "%s", sync->sentence.text);
	}
	return 0;
}

int pg_sync_names(
	struct pg_sync *sync, uint16_t set, unsigned k, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	char list[PG_SYNC_TEXT_BYTES];

	pg_sync_list_format(&sync->members, set, k, list);
	pg_sync_begin(sync, k, false, timeout_ms, now);
	(void)memcpy(sync->want, list, strlen(list) + 1);
	pg_sync_write(sync, list, now);
	return pg_sync_begun(sync, err);
}

int pg_sync_drop(
	struct pg_sync *sync, uint16_t keep, unsigned k, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	int result;

	pg_sync_begin(sync, k, true, timeout_ms, now);
	result = pg_sync_end_sql(&sync->members, keep, k == 0, sync->script.sql[0], sizeof(sync->script.sql[0]));
	assert(result == 0);
	sync->script.count = 1;
	pg_sync_ask(sync, PG_SYNC_STEP_END, now);
	return pg_sync_begun(sync, err);
}

static void pg_sync_canary(struct pg_sync *sync, bool commit, struct vrrp_time now)
{
	int result;

	sync->script.count = 0;
	if (commit) {
		/* An xid alone is no WAL, and WAL without an xid does not wait (RecordTransactionCommit). */
		result = pg_script_add(&sync->script,
			"BEGIN; SET LOCAL synchronous_commit = 'on';"
			" SELECT pg_catalog.pg_logical_emit_message(true, 'vipd', 'names');"
			" COMMIT");
	} else {
		result = pg_script_add(&sync->script, "SET application_name = '" PG_SYNC_CANARY "'");
		assert(result == 0);
		result = pg_script_add(&sync->script, "SELECT pg_catalog.pg_backend_pid()");
	}
	assert(result == 0);
	sync->commits = commit;
	sync->canary_asked = true;
	if (pg_task_start(sync->canary, sync->conninfo, &sync->script, pg_sync_left_ms(sync, now), now,
		    &sync->sentence) < 0) {
		pg_sync_fail(sync);
		return;
	}
	sync->poll_ms = PG_SYNC_POLL_FIRST_MS;
	if (commit) {
		(void)vip_err_set(&sync->sentence, -ETIMEDOUT, "no commit was seen to wait for standbys");
		pg_sync_poll(sync, PG_SYNC_STEP_WATCH, now);
	} else {
		sync->step = PG_SYNC_STEP_CANARY;
		sync->poll = VRRP_TIME_NEVER;
	}
}

/* The walsenders are gone, or the list is in force: what is still to be done? */
static void pg_sync_next(struct pg_sync *sync, struct vrrp_time now)
{
	if (!sync->drops || sync->k == 0 || (sync->proved && !sync->nobody && !sync->commits)) {
		sync->status = PG_SYNC_DONE;
	} else if (sync->proved && sync->nobody) {
		sync->nobody = false;
		pg_sync_write(sync, sync->want, now);
	} else if (sync->proved) {
		int result;

		sync->script.count = 0;
		result = pg_script_add(&sync->script, "SELECT pg_catalog.pg_cancel_backend(%llu)",
			(unsigned long long)sync->canary_pid);
		assert(result == 0);
		pg_sync_ask(sync, PG_SYNC_STEP_CANCEL, now);
	} else {
		pg_sync_canary(sync, false, now);
	}
}

/* The commit has ended and was not seen to wait: too fast, or it did not. Under nobody's name it has to. */
static void pg_sync_prove_again(struct pg_sync *sync, struct vrrp_time now)
{
	char list[PG_SYNC_TEXT_BYTES];

	sync->commits = false;
	if (sync->nobody) {
		pg_sync_canary(sync, true, now); /* the checkpointer has not read it yet; until the deadline */
		return;
	}
	sync->nobody = true;
	pg_sync_list_format(&sync->members, 0, sync->k, list);
	pg_sync_write(sync, list, now);
}

static void pg_sync_answer_look(struct pg_sync *sync, struct vrrp_time now)
{
	const char *list = pg_rows_get(pg_task_rows(sync->main), 0, 0);

	if (list != NULL && strcmp(list, sync->write) == 0) {
		pg_sync_next(sync, now);
		return;
	}
	(void)vip_err_set(&sync->sentence, -ETIMEDOUT,
		"PostgreSQL reads synchronous_standby_names as \"%.100s\" after ALTER SYSTEM and a reload: is it also "
		"given on its command line?",
		list != NULL ? list : "NULL");
	pg_sync_poll_later(sync, now);
}

static void pg_sync_answer_end(struct pg_sync *sync, struct vrrp_time now)
{
	const struct pg_rows *rows = pg_task_rows(sync->main);
	const char *list = pg_rows_get(rows, 0, 0);
	uint16_t set;
	uint8_t k;

	if (list == NULL || pg_sync_pids_read(pg_rows_get(rows, 0, 1), sync->pids, sizeof(sync->pids)) < 0) {
		(void)vip_err_set(&sync->sentence, -EPROTO, "PostgreSQL's walsenders: an answer that cannot be read");
		pg_sync_fail(sync);
	} else if (sync->k > 0 && (pg_sync_list_parse(&sync->members, list, &set, &k) < 0 || k != sync->k)) {
		(void)vip_err_set(&sync->sentence, -EINVAL,
			"synchronous_standby_names is \"%.100s\", no list of ours with k = %u", list, sync->k);
		pg_sync_fail(sync);
	} else {
		(void)snprintf(sync->want, sizeof(sync->want), "%s", list);
		pg_sync_poll(sync, PG_SYNC_STEP_GONE, now);
	}
}

static void pg_sync_answer_gone(struct pg_sync *sync, struct vrrp_time now)
{
	const char *count = pg_rows_get(pg_task_rows(sync->main), 0, 0);

	if (count != NULL && strcmp(count, "0") == 0) {
		pg_sync_next(sync, now);
		return;
	}
	(void)vip_err_set(&sync->sentence, -ETIMEDOUT, "%.10s of the walsenders %.100s are still there",
		count != NULL ? count : "?", sync->pids);
	pg_sync_poll_later(sync, now);
}

static void pg_sync_answer_watch(struct pg_sync *sync, struct vrrp_time now)
{
	const char *event = pg_rows_get(pg_task_rows(sync->main), 0, 0);

	if (event != NULL && strcmp(event, "SyncRep") == 0) {
		sync->proved = true;
		pg_sync_next(sync, now);
	} else if (!sync->commits) {
		pg_sync_prove_again(sync, now);
	} else {
		pg_sync_poll_later(sync, now);
	}
}

/* The main connection has answered. */
static void pg_sync_answer(struct pg_sync *sync, struct vrrp_time now)
{
	switch (sync->step) {
	case PG_SYNC_STEP_WRITE:
		pg_sync_poll(sync, PG_SYNC_STEP_LOOK, now);
		break;
	case PG_SYNC_STEP_LOOK:
		pg_sync_answer_look(sync, now);
		break;
	case PG_SYNC_STEP_END:
		pg_sync_answer_end(sync, now);
		break;
	case PG_SYNC_STEP_GONE:
		pg_sync_answer_gone(sync, now);
		break;
	case PG_SYNC_STEP_WATCH:
		pg_sync_answer_watch(sync, now);
		break;
	case PG_SYNC_STEP_CANCEL:
		sync->step = PG_SYNC_STEP_ENDED;
		sync->status = sync->commits ? PG_SYNC_RUNNING : PG_SYNC_DONE;
		break;
	case PG_SYNC_STEP_CANARY:
	case PG_SYNC_STEP_ENDED:
		break;
	}
}

/* The other connection has said its pid, or its commit has ended. */
static void pg_sync_canary_answer(struct pg_sync *sync, struct vrrp_time now)
{
	if (sync->step == PG_SYNC_STEP_CANARY) {
		if (pg_u64_parse(pg_rows_get(pg_task_rows(sync->canary), 0, 0), INT32_MAX, &sync->canary_pid) < 0) {
			(void)vip_err_set(&sync->sentence, -EPROTO, "pg_backend_pid: an answer that cannot be read");
			pg_sync_fail(sync);
			return;
		}
		pg_sync_canary(sync, true, now);
		return;
	}
	sync->commits = false;
	if (sync->step == PG_SYNC_STEP_ENDED) {
		sync->status = PG_SYNC_DONE;
	} else if (sync->step == PG_SYNC_STEP_WATCH && sync->poll.us != VRRP_TIME_NEVER.us) {
		pg_sync_prove_again(sync, now); /* otherwise the answer on its way comes first */
	}
}

/* A task has ended. */
static void pg_sync_task_ended(struct pg_sync *sync, const struct pg_task *task, bool ok, struct vrrp_time now)
{
	bool canary = task == sync->canary;

	if (ok && canary) {
		pg_sync_canary_answer(sync, now);
	} else if (ok) {
		pg_sync_answer(sync, now);
	} else {
		(void)vip_err_set(&sync->sentence, -EIO, "%s", pg_task_sentence(task));
		pg_sync_fail(sync);
	}
}

/* What is due now; false: nothing. */
static bool pg_sync_turn(struct pg_sync *sync, struct vrrp_time now)
{
	enum pg_task_status status = sync->asked ? pg_task_run(sync->main, now) : PG_TASK_RUNNING;

	if (status != PG_TASK_RUNNING) {
		sync->asked = false;
		pg_sync_task_ended(sync, sync->main, status == PG_TASK_DONE, now);
		return true;
	}
	status = sync->canary_asked ? pg_task_run(sync->canary, now) : PG_TASK_RUNNING;
	if (status != PG_TASK_RUNNING) {
		sync->canary_asked = false;
		pg_sync_task_ended(sync, sync->canary, status == PG_TASK_DONE, now);
		return true;
	}
	if (!vrrp_time_before(now, sync->poll)) {
		pg_sync_poll(sync, sync->step, now);
		return true;
	}
	return false;
}

enum pg_sync_status pg_sync_run(struct pg_sync *sync, struct vrrp_time now)
{
	if (sync->status != PG_SYNC_RUNNING) {
		(void)pg_task_run(sync->main, now); /* idle connections may end */
		(void)pg_task_run(sync->canary, now);
		return sync->status;
	}
	for (unsigned i = 0; i < PG_SYNC_TURNS_MAX && sync->status == PG_SYNC_RUNNING && pg_sync_turn(sync, now); i++) {
	}
	if (sync->status == PG_SYNC_RUNNING && !vrrp_time_before(now, sync->deadline)) {
		pg_sync_fail(sync);
	}
	return sync->status;
}

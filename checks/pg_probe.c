#include "checks/pg_probe.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "checks/pg_probe_private.h"

#define PG_PROBE_EXECUTE "EXECUTE " PG_PROBE_STATEMENT
/* Sessions in a row that somebody ended before they answered, while PostgreSQL is thought up. */
#define PG_PROBE_UNANSWERED_MAX 3
#define PG_PROBE_ASK_AGAIN_MAX 3 /* recovery ended under the question (55000): asked again at once */

void pg_probe_tell(struct pg_probe *probe, enum pg_probe_event event)
{
	probe->events |= 1U << event;
}

static int pg_probe_setup(struct pg_probe *probe, struct vip_err *err)
{
	int result = check_watch_open(&probe->watch, err);

	if (result == 0) {
		result = pg_conn_new(&probe->conn, err);
	}
	if (result == 0) {
		result = check_watch_set(&probe->watch, pg_conn_fd(probe->conn), EPOLLIN, err);
	}
	return result;
}

int pg_probe_new(
	const struct pg_probe_config *config, struct vrrp_time now, struct pg_probe **ret_probe, struct vip_err *err)
{
	struct pg_probe *probe;
	int result = pg_conninfo_check(config->conninfo, err);

	assert(config->interval_ms > 0 && config->timeout_ms > 0);
	if (result < 0) {
		return result;
	}
	probe = calloc(1, sizeof(*probe));
	if (probe == NULL) {
		return vip_err_set(err, -ENOMEM, "a PostgreSQL probe: out of memory");
	}
	probe->config = *config;
	probe->watch.epoll_fd = -1;
	pg_postmaster_init(&probe->postmaster);
	probe->next = now;
	probe->retry_ms = PG_PROBE_RETRY_FIRST_MS;
	probe->promote_poll = VRRP_TIME_NEVER;
	probe->reason = PG_REASON_DOWN;
	(void)snprintf(probe->sentence.text, sizeof(probe->sentence.text), "not asked yet");
	result = pg_probe_setup(probe, err);
	if (result < 0) {
		pg_probe_free(probe);
		return result;
	}
	*ret_probe = probe;
	return 0;
}

void pg_probe_free(struct pg_probe *probe)
{
	if (probe != NULL) {
		pg_conn_free(probe->conn);
		pg_postmaster_drop(&probe->postmaster);
		check_watch_close(&probe->watch);
		free(probe);
	}
}

int pg_probe_fd(const struct pg_probe *probe)
{
	return probe->watch.epoll_fd;
}

struct vrrp_time pg_probe_deadline(const struct pg_probe *probe)
{
	enum pg_conn_status status = pg_conn_status(probe->conn);
	struct vrrp_time deadline = pg_conn_deadline(probe->conn);

	if (status == PG_CONN_CLOSED || status == PG_CONN_IDLE) {
		deadline = vrrp_time_min(deadline, probe->next);
	}
	if (status == PG_CONN_IDLE) {
		deadline = vrrp_time_min(deadline, probe->promote_poll);
	}
	if (probe->promotion != PG_PROMOTION_NONE) {
		deadline = vrrp_time_min(deadline, probe->promote_deadline);
	}
	return probe->events != 0 ? VRRP_TIME_NONE : deadline;
}

static void pg_probe_down(struct pg_probe *probe, enum pg_reason reason)
{
	probe->reason = reason;
	if (probe->reason_told != reason) {
		probe->reason_told = reason;
		pg_probe_tell(probe, PG_PROBE_DOWN);
	}
}

/*
 * No connection any more: when to try again; at once after one that has answered, so that somebody who is never let in,
 * or always thrown out, is no burden. A promotion is not resumed: its command was allowed once (I2).
 */
static void pg_probe_lost(struct pg_probe *probe, struct vrrp_time now)
{
	bool at_once = probe->answered;
	int64_t pause_ms = at_once ? 0 : probe->retry_ms;

	probe->answered = false;
	if (probe->promotion != PG_PROMOTION_NONE) {
		pg_probe_promotion_end(probe, PG_PROBE_PROMOTE_FAILED);
	}
	pg_memory_unsettle(&probe->memory);
	if (at_once) {
		probe->retry_ms = PG_PROBE_RETRY_FIRST_MS;
	} else {
		probe->retry_ms =
			probe->retry_ms * 2 < PG_PROBE_RETRY_LAST_MS ? probe->retry_ms * 2 : PG_PROBE_RETRY_LAST_MS;
	}
	/* Somebody who asks for short intervals expects something: as often then. */
	if (pause_ms > probe->config.interval_ms) {
		pause_ms = probe->config.interval_ms > PG_PROBE_RETRY_FIRST_MS ? probe->config.interval_ms
									       : PG_PROBE_RETRY_FIRST_MS;
	}
	probe->next = vrrp_time_add(now, pause_ms * VRRP_US_PER_MS);
}

/*
 * Our session has ended while the postmaster lives: somebody ended all sessions, or those that idle, or one backend has
 * crashed. Another connection is opened at once, and only how that ends tells whether PostgreSQL does (it is shutting
 * down, in crash recovery). Until then what was seen last holds. Sessions that end soon after they began wait for a
 * second, so that this is no busy loop; several that never answered are no answer.
 */
static bool pg_probe_only_session_ended(struct pg_probe *probe, struct vrrp_time now)
{
	enum pg_reason reason = pg_conn_reason(probe->conn);
	bool soon = vrrp_time_diff_us(now, probe->ended) < PG_PROBE_RETRY_LAST_MS * VRRP_US_PER_MS;

	if (probe->reason != PG_REASON_NONE || pg_postmaster_ended(&probe->postmaster) ||
		(reason != PG_REASON_LOST && reason != PG_REASON_STOPPING)) {
		return false;
	}
	if (!probe->answered && ++probe->unanswered > PG_PROBE_UNANSWERED_MAX) {
		return false;
	}
	if (!soon) {
		pg_probe_tell(probe, PG_PROBE_ENDED);
		probe->ended = now;
	}
	pg_probe_lost(probe, now);
	if (soon) {
		probe->next = vrrp_time_add(probe->ended, PG_PROBE_RETRY_LAST_MS * VRRP_US_PER_MS);
	}
	return true;
}

static void pg_probe_fail(struct pg_probe *probe, bool was_connected, struct vrrp_time now)
{
	if (!was_connected || !pg_probe_only_session_ended(probe, now)) {
		pg_probe_lost(probe, now);
		pg_probe_down(probe, pg_conn_reason(probe->conn));
	}
}

static void pg_probe_connect(struct pg_probe *probe, struct vrrp_time now)
{
	if (pg_conn_open(probe->conn, probe->config.conninfo, probe->config.timeout_ms, now, &probe->sentence) < 0) {
		pg_probe_fail(probe, false, now);
	}
}

void pg_probe_ask(struct pg_probe *probe, enum pg_probe_question question, const char *sql, struct vrrp_time now)
{
	int64_t timeout_ms = probe->config.timeout_ms;

	if (question != PG_ASK_STATE && question != PG_ASK_SENDERS && question != PG_ASK_PREPARE) {
		int64_t left_ms = vrrp_time_diff_us(probe->promote_deadline, now) / VRRP_US_PER_MS;

		timeout_ms = left_ms < 1 ? 1 : left_ms;
	}
	probe->question = question;
	probe->asked = now;
	if (pg_conn_query(probe->conn, sql, timeout_ms, now, &probe->sentence) < 0) {
		pg_probe_fail(probe, true, now);
	}
}

void pg_probe_ask_state(struct pg_probe *probe, struct vrrp_time now)
{
	probe->next = vrrp_time_add(now, probe->config.interval_ms * VRRP_US_PER_MS);
	pg_probe_ask(probe, PG_ASK_STATE, PG_PROBE_EXECUTE, now);
}

/* Planned once a connection: planning takes five times as long as the statement itself (measured: 2.9 and 0.6 ms). */
static void pg_probe_prepare(struct pg_probe *probe, struct vrrp_time now)
{
	char sql[PG_SQL_BYTES_MAX];
	int length = snprintf(sql, sizeof(sql),
		"PREPARE " PG_PROBE_STATEMENT " AS %s; PREPARE " PG_PROBE_STATEMENT_RECOVERY " AS %s",
		pg_query_state_sql(probe->state.server_version_num), pg_query_recovery_sql());

	assert(length > 0 && (size_t)length < sizeof(sql));
	if (probe->config.members.count > 0) {
		static const char also[] = "; PREPARE " PG_PROBE_SENDERS " AS ";
		size_t used = (size_t)length;

		assert(used + sizeof(also) < sizeof(sql));
		memcpy(sql + used, also, sizeof(also));
		used += sizeof(also) - 1;
		length = pg_sync_senders_sql(&probe->config.members, sql + used, sizeof(sql) - used);
		assert(length == 0);
	}
	pg_probe_ask(probe, PG_ASK_PREPARE, sql, now);
}

/* Just connected. The postmaster is held first, and the answer to the question that follows proves it was alive. */
static void pg_probe_connected(struct pg_probe *probe, struct vrrp_time now)
{
	pid_t pid = pg_conn_listener_pid(probe->conn);

	if (pid > 0 && (pid != probe->postmaster.pid || pg_postmaster_ended(&probe->postmaster)) &&
		pg_probe_postmaster_set(probe, pid, &probe->sentence) < 0) {
		/* Gone between the two calls: this connection is an orphan's. */
		pg_conn_close(probe->conn);
		pg_probe_lost(probe, now);
		pg_probe_down(probe, PG_REASON_LOST);
		return;
	}
	pg_probe_prepare(probe, now);
}

/* A look is complete. */
static void pg_probe_state_new(struct pg_probe *probe, const struct pg_state *state)
{
	probe->state = *state;
	probe->state_time = probe->half_time;
	probe->reason = probe->reason_told = PG_REASON_NONE;
	probe->sentence.text[0] = '\0';
	probe->retry_ms = PG_PROBE_RETRY_FIRST_MS;
	probe->asked_again = 0;
	probe->answered = true;
	probe->unanswered = 0;
	pg_probe_tell(probe, PG_PROBE_STATE);
	if (probe->promotion >= PG_PROMOTION_SENT && !state->in_recovery) {
		pg_probe_promotion_end(probe, PG_PROBE_PROMOTED);
	}
}

static void pg_probe_answer_state(struct pg_probe *probe, struct vrrp_time now)
{
	if (pg_query_state_parse(pg_conn_rows(probe->conn), &probe->half, &probe->sentence) < 0) {
		pg_probe_down(probe, PG_REASON_ANSWER);
		return;
	}
	probe->half_time = probe->asked;
	probe->next = vrrp_time_min(probe->next, pg_memory_refine(&probe->memory, probe->asked, &probe->half));
	if (probe->config.members.count > 0 && !probe->half.in_recovery) {
		pg_probe_ask(probe, PG_ASK_SENDERS, "EXECUTE " PG_PROBE_SENDERS, now);
	} else {
		pg_probe_state_new(probe, &probe->half);
	}
}

/* What cannot be read is not known; the rest of the look holds. */
static void pg_probe_answer_senders(struct pg_probe *probe, bool ok)
{
	struct pg_state *state = &probe->half;

	if (ok && pg_sync_senders_parse(&probe->config.members, pg_conn_rows(probe->conn),
			  state->synchronous_standby_names, &state->sync, NULL) == 0) {
		pg_sync_settle(&probe->state.sync, &state->sync);
	}
	pg_probe_state_new(probe, state);
}

static void pg_probe_answered(struct pg_probe *probe, struct vrrp_time now)
{
	if (probe->question == PG_ASK_STATE) {
		pg_probe_answer_state(probe, now);
		return;
	}
	if (probe->question == PG_ASK_SENDERS) {
		pg_probe_answer_senders(probe, true);
		return;
	}
	if (probe->question == PG_ASK_PREPARE) {
		pg_probe_ask_state(probe, now);
		return;
	}
	if (probe->promotion == PG_PROMOTION_NONE) {
		return; /* its deadline has passed meanwhile */
	}
	switch (probe->question) {
	case PG_ASK_STATE:
	case PG_ASK_SENDERS:
	case PG_ASK_PREPARE:
	case PG_ASK_RELOAD:
		break;
	case PG_ASK_PROMOTE:
		probe->promotion = PG_PROMOTION_SENT;
		probe->promote_nudged = now;
		probe->promote_asleep = false;
		probe->promote_poll = vrrp_time_add(now, PG_PROBE_PROMOTE_POLL_MS * VRRP_US_PER_MS);
		break;
	case PG_ASK_RECOVERY:
		pg_probe_answer_recovery(probe, now);
		break;
	}
}

/* The statement failed, the connection lives. */
static void pg_probe_refused(struct pg_probe *probe, struct vrrp_time now)
{
	bool not_in_recovery = strcmp(pg_conn_sqlstate(probe->conn), "55000") == 0;

	if (probe->question == PG_ASK_PREPARE) {
		pg_conn_close(probe->conn); /* without it nothing can be asked: begin anew */
		pg_probe_lost(probe, now);
		pg_probe_down(probe, PG_REASON_SQL);
	} else if (probe->question == PG_ASK_SENDERS) {
		pg_probe_answer_senders(probe, false);
	} else if (probe->question == PG_ASK_RELOAD) {
		return; /* not allowed to: the promotion goes on without */
	} else if (probe->question == PG_ASK_STATE) {
		if (not_in_recovery && probe->asked_again++ < PG_PROBE_ASK_AGAIN_MAX) {
			pg_probe_ask_state(probe, now);
			return;
		}
		pg_probe_down(probe, PG_REASON_SQL);
	} else if (probe->question == PG_ASK_PROMOTE && not_in_recovery) {
		probe->promotion = PG_PROMOTION_PROVED; /* it is out of recovery already */
		pg_probe_ask_state(probe, now);
	} else if (probe->promotion != PG_PROMOTION_NONE) {
		pg_probe_promotion_end(probe, PG_PROBE_PROMOTE_FAILED);
	}
}

/* The connection idles: what is due? */
void pg_probe_idle(struct pg_probe *probe, struct vrrp_time now)
{
	if (!pg_probe_promotion_step(probe, now) && !vrrp_time_before(now, probe->next)) {
		pg_probe_ask_state(probe, now);
	}
}

static void pg_probe_run_conn(struct pg_probe *probe, struct vrrp_time now)
{
	enum pg_conn_status before = pg_conn_status(probe->conn);
	struct vip_err err = { "" };
	int result = pg_conn_run(probe->conn, now, &err);

	if (result < 0) {
		probe->sentence = err;
		if (pg_conn_status(probe->conn) == PG_CONN_CLOSED) {
			pg_probe_fail(probe, before != PG_CONN_CONNECTING, now);
		} else {
			pg_probe_refused(probe, now);
		}
	} else if (result > 0 && before == PG_CONN_CONNECTING) {
		pg_probe_connected(probe, now);
	} else if (result > 0) {
		pg_probe_answered(probe, now);
	}
	if (pg_conn_status(probe->conn) == PG_CONN_CLOSED && !vrrp_time_before(now, probe->next)) {
		pg_probe_connect(probe, now);
	} else if (pg_conn_status(probe->conn) == PG_CONN_IDLE) {
		pg_probe_idle(probe, now);
	}
}

/* The postmaster is gone: what its orphans still answer is of no use (section 9). */
static void pg_probe_dead(struct pg_probe *probe, struct vrrp_time now)
{
	(void)vip_err_set(
		&probe->sentence, -ESRCH, "the postmaster, process %d, has ended", (int)probe->postmaster.pid);
	(void)check_watch_set(&probe->watch, probe->postmaster.pidfd, 0, NULL);
	pg_postmaster_drop(&probe->postmaster);
	pg_conn_close(probe->conn);
	probe->events &= ~(1U << PG_PROBE_STATE | 1U << PG_PROBE_PROMOTED);
	probe->retry_ms = PG_PROBE_RETRY_FIRST_MS;
	pg_probe_lost(probe, now);
	probe->reason = probe->reason_told = PG_REASON_DOWN;
	pg_probe_tell(probe, PG_PROBE_DEAD);
}

/* In this order: the worst first, and the state that proves a promotion before the news of it. */
static enum pg_probe_event pg_probe_next_event(struct pg_probe *probe)
{
	static const enum pg_probe_event order[] = { PG_PROBE_DEAD, PG_PROBE_PROMOTE_FAILED, PG_PROBE_DOWN,
		PG_PROBE_ENDED, PG_PROBE_STATE, PG_PROBE_PROMOTED };

	if ((probe->events & (1U << PG_PROBE_DEAD | 1U << PG_PROBE_DOWN)) != 0) {
		probe->events &= ~(1U << PG_PROBE_ENDED); /* it was not the session alone */
	}
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(order); i++) {
		if ((probe->events & 1U << order[i]) != 0) {
			probe->events &= ~(1U << order[i]);
			return order[i];
		}
	}
	return PG_PROBE_NONE;
}

enum pg_probe_event pg_probe_run(struct pg_probe *probe, struct vrrp_time now)
{
	if (pg_postmaster_ended(&probe->postmaster)) {
		pg_probe_dead(probe, now);
	}
	pg_probe_run_conn(probe, now);
	if (probe->promotion != PG_PROMOTION_NONE && !vrrp_time_before(now, probe->promote_deadline)) {
		(void)vip_err_set(&probe->sentence, -ETIMEDOUT, "PostgreSQL did not come out of recovery in time");
		pg_probe_promotion_end(probe, PG_PROBE_PROMOTE_FAILED);
	}
	return pg_probe_next_event(probe);
}

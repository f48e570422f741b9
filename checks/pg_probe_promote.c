#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "checks/pg_probe_private.h"

/* The promotion is over, well or not; the ordinary rhythm goes on. */
void pg_probe_promotion_end(struct pg_probe *probe, enum pg_probe_event event)
{
	probe->promotion = PG_PROMOTION_NONE;
	probe->promote_poll = VRRP_TIME_NEVER;
	pg_probe_tell(probe, event);
}

void pg_probe_answer_recovery(struct pg_probe *probe, struct vrrp_time now)
{
	const struct pg_rows *rows = pg_conn_rows(probe->conn);
	const char *in_recovery = pg_rows_get(rows, 0, 0);
	const char *wait_event = pg_rows_get(rows, 0, 1);

	if (in_recovery != NULL && strcmp(in_recovery, "f") == 0) {
		probe->promotion = PG_PROMOTION_PROVED;
		probe->promote_poll = VRRP_TIME_NEVER;
		pg_probe_ask_state(probe, now);
		return;
	}
	probe->promote_asleep = wait_event != NULL && strcmp(wait_event, "RecoveryRetrieveRetryInterval") == 0;
	probe->promote_poll = vrrp_time_add(now, PG_PROBE_PROMOTE_POLL_MS * VRRP_US_PER_MS);
	probe->next = vrrp_time_max(probe->next, vrrp_time_add(now, probe->config.interval_ms * VRRP_US_PER_MS));
}

/*
 * A startup process that takes the request just while a new WAL receiver of its own starts goes on to sleep out
 * wal_retrieve_retry_interval (5 s; PostgreSQL 15, seen in most promotions after the primary has died). A reload wakes
 * it; as every process reads its configuration then, only when it is seen to sleep.
 */
static bool pg_probe_must_nudge(const struct pg_probe *probe, struct vrrp_time now)
{
	int64_t pause_ms = probe->promote_asleep ? PG_PROBE_NUDGE_SEEN_MS : PG_PROBE_NUDGE_MS;

	return vrrp_time_diff_us(now, probe->promote_nudged) >= pause_ms * VRRP_US_PER_MS;
}

bool pg_probe_promotion_step(struct pg_probe *probe, struct vrrp_time now)
{
	if (probe->promotion == PG_PROMOTION_WANTED) {
		if (!vrrp_time_before(now, probe->promote_latest)) {
			(void)vip_err_set(
				&probe->sentence, -ETIMEDOUT, "PostgreSQL was busy for too long to be promoted");
			pg_probe_promotion_end(probe, PG_PROBE_PROMOTE_FAILED);
			return false;
		}
		pg_probe_ask(probe, PG_ASK_PROMOTE, "SELECT pg_catalog.pg_promote(false)", now);
		return true;
	}
	if (probe->promotion != PG_PROMOTION_SENT) {
		return false;
	}
	if (pg_probe_must_nudge(probe, now)) {
		probe->promote_nudged = now;
		probe->promote_asleep = false;
		pg_probe_ask(probe, PG_ASK_RELOAD, "SELECT pg_catalog.pg_reload_conf()", now);
		return true;
	}
	if (!vrrp_time_before(now, probe->promote_poll)) {
		pg_probe_ask(probe, PG_ASK_RECOVERY, "EXECUTE " PG_PROBE_STATEMENT_RECOVERY, now);
		return true;
	}
	return false;
}

const struct pg_state *pg_probe_state(const struct pg_probe *probe)
{
	return &probe->state;
}

struct vrrp_time pg_probe_state_time(const struct pg_probe *probe)
{
	return probe->state_time;
}

enum pg_reason pg_probe_reason(const struct pg_probe *probe)
{
	return probe->reason;
}

const char *pg_probe_sentence(const struct pg_probe *probe)
{
	return probe->sentence.text;
}

void pg_probe_interval_set(struct pg_probe *probe, int64_t interval_ms, struct vrrp_time now)
{
	struct vrrp_time next = vrrp_time_add(now, interval_ms * VRRP_US_PER_MS);

	assert(interval_ms > 0);
	probe->config.interval_ms = interval_ms;
	probe->next = vrrp_time_min(probe->next, next);
}

void pg_probe_now(struct pg_probe *probe, struct vrrp_time now)
{
	probe->next = now;
	probe->retry_ms = PG_PROBE_RETRY_FIRST_MS;
}

int pg_probe_promote(struct pg_probe *probe, struct vrrp_time now, struct vrrp_time deadline, struct vip_err *err)
{
	enum pg_conn_status status = pg_conn_status(probe->conn);

	if (probe->promotion != PG_PROMOTION_NONE) {
		return vip_err_set(err, -EALREADY, "a promotion is under way");
	}
	if (status != PG_CONN_IDLE && status != PG_CONN_BUSY) {
		return vip_err_set(err, -ENOTCONN, "promote: no connection to PostgreSQL: %s", probe->sentence.text);
	}
	probe->promotion = PG_PROMOTION_WANTED;
	probe->promote_deadline = deadline;
	probe->promote_latest = VRRP_TIME_NEVER;
	if (status == PG_CONN_IDLE) {
		pg_probe_idle(probe, now);
	}
	return 0;
}

pid_t pg_probe_postmaster(const struct pg_probe *probe)
{
	return probe->postmaster.pid;
}

int pg_probe_postmaster_set(struct pg_probe *probe, pid_t pid, struct vip_err *err)
{
	int result;

	if (probe->postmaster.pidfd >= 0) {
		(void)check_watch_set(&probe->watch, probe->postmaster.pidfd, 0, NULL);
	}
	result = pg_postmaster_hold(&probe->postmaster, pid, err);
	return result < 0 ? result : check_watch_set(&probe->watch, probe->postmaster.pidfd, EPOLLIN, err);
}

int pg_probe_postmaster_pidfd(const struct pg_probe *probe)
{
	return probe->postmaster.pidfd;
}

int pg_probe_postmaster_signal(struct pg_probe *probe, int signal, struct vip_err *err)
{
	return pg_postmaster_signal(&probe->postmaster, signal, err);
}

void pg_probe_promote_latest_set(struct pg_probe *probe, struct vrrp_time latest)
{
	probe->promote_latest = latest;
}

void pg_probe_promote_cancel(struct pg_probe *probe)
{
	probe->promotion = PG_PROMOTION_NONE;
	probe->promote_poll = VRRP_TIME_NEVER;
}

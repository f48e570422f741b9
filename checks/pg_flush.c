#include "checks/pg_flush.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "checks/pg_query.h"

/* libpq's own limit for one that hangs: none of ours (pg_flush.h). The session ends with PostgreSQL, or when disarmed.
 */
#define PG_FLUSH_HANG_MAX_MS INT64_C(2592000000) /* 30 days */

int pg_flush_init(
	struct pg_flush *flush, const char *conninfo, int64_t interval_ms, int64_t timeout_ms, struct vip_err *err)
{
	assert(timeout_ms > 0 && strlen(conninfo) < sizeof(flush->conninfo));
	*flush = (struct pg_flush){ .interval_ms = interval_ms, .timeout_ms = timeout_ms, .next = VRRP_TIME_NEVER };
	memcpy(flush->conninfo, conninfo, strlen(conninfo) + 1);
	flush->state = interval_ms == 0 ? CHECK_OFF : CHECK_IDLE;
	return pg_conn_new(&flush->conn, err);
}

void pg_flush_deinit(struct pg_flush *flush)
{
	pg_conn_free(flush->conn);
	flush->conn = NULL;
}

void pg_flush_arm(struct pg_flush *flush, bool armed, struct vrrp_time now)
{
	if (flush->armed == armed || flush->interval_ms == 0) {
		return;
	}
	flush->armed = armed;
	flush->state = CHECK_IDLE;
	flush->why.text[0] = '\0';
	flush->refusals = 0;
	flush->next = armed ? vrrp_time_add(now, flush->interval_ms * VRRP_US_PER_MS) : VRRP_TIME_NEVER;
	if (!armed) {
		pg_conn_close(flush->conn);
	}
}

int pg_flush_fd(const struct pg_flush *flush)
{
	return pg_conn_fd(flush->conn);
}

static struct vrrp_time pg_flush_late_at(const struct pg_flush *flush)
{
	return vrrp_time_add(flush->asked, flush->timeout_ms * VRRP_US_PER_MS);
}

struct vrrp_time pg_flush_deadline(const struct pg_flush *flush)
{
	switch (pg_conn_status(flush->conn)) {
	case PG_CONN_CLOSED:
	case PG_CONN_IDLE:
		return flush->next;
	case PG_CONN_CONNECTING:
		return pg_conn_deadline(flush->conn);
	case PG_CONN_BUSY:
		break;
	}
	return flush->state == CHECK_FAILED ? VRRP_TIME_NEVER : pg_flush_late_at(flush);
}

const char *pg_flush_sentence(const struct pg_flush *flush)
{
	return flush->why.text;
}

static void pg_flush_later(struct pg_flush *flush, int64_t ms, struct vrrp_time now)
{
	flush->next = vrrp_time_add(now, (ms < flush->interval_ms ? ms : flush->interval_ms) * VRRP_US_PER_MS);
}

static bool pg_flush_cannot_write(const char *sqlstate)
{
	return strcmp(sqlstate, "53100") == 0 || strncmp(sqlstate, "58", 2) == 0;
}

/*
 * An error, or the session has ended. One that was lost proves nothing: another one is opened, and asks again. One with
 * an error is in the middle of a transaction that has failed: another one, too.
 */
static void pg_flush_failed(struct pg_flush *flush, struct vrrp_time now)
{
	pg_flush_later(flush, PG_FLUSH_AGAIN_MS, now);
	if (pg_flush_cannot_write(pg_conn_sqlstate(flush->conn))) {
		flush->refusals++;
		flush->state = flush->refusals >= PG_FLUSH_REFUSALS ? CHECK_FAILED : flush->state;
	} else if (pg_conn_status(flush->conn) == PG_CONN_IDLE) {
		flush->refusals = 0;
		flush->state = CHECK_IDLE; /* not to be found out like this */
		pg_flush_later(flush, flush->interval_ms, now);
	}
	pg_conn_close(flush->conn);
}

static void pg_flush_ask(struct pg_flush *flush, struct vrrp_time now)
{
	flush->asked = now;
	if (pg_conn_query(flush->conn, pg_query_write_probe_sql(), PG_FLUSH_HANG_MAX_MS, now, &flush->why) < 0) {
		pg_flush_failed(flush, now);
	}
}

/* Nothing is under way: is something due? */
static void pg_flush_begin(struct pg_flush *flush, struct vrrp_time now)
{
	if (vrrp_time_before(now, flush->next)) {
		return;
	}
	if (pg_conn_status(flush->conn) == PG_CONN_IDLE) {
		pg_flush_ask(flush, now);
	} else if (pg_conn_open(flush->conn, flush->conninfo, PG_FLUSH_CONNECT_MS, now, &flush->why) < 0) {
		pg_flush_later(flush, PG_FLUSH_AGAIN_MS, now);
	}
}

void pg_flush_run(struct pg_flush *flush, struct vrrp_time now)
{
	bool busy = pg_conn_status(flush->conn) == PG_CONN_BUSY;
	int result = pg_conn_run(flush->conn, now, &flush->why);

	if (result < 0) {
		pg_flush_failed(flush, now);
	} else if (result > 0 && busy) {
		flush->refusals = 0;
		flush->state = CHECK_OK;
		flush->why.text[0] = '\0';
		pg_flush_later(flush, flush->interval_ms, now);
	} else if (result > 0) {
		flush->next = now; /* connected */
	} else if (busy && flush->state != CHECK_FAILED && !vrrp_time_before(now, pg_flush_late_at(flush))) {
		flush->state = CHECK_FAILED;
		(void)vip_err_set(&flush->why, -ETIMEDOUT, "a commit has not reached the disk for %" PRId64 " ms",
			flush->timeout_ms);
	}
	if (pg_conn_status(flush->conn) == PG_CONN_CLOSED || pg_conn_status(flush->conn) == PG_CONN_IDLE) {
		pg_flush_begin(flush, now);
	}
}

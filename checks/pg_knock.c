#include "checks/pg_knock.h"

#include "checks/pg_query.h"

int pg_knock_init(
	struct pg_knock *knock, int64_t interval_ms, int64_t write_interval_ms, int64_t timeout_ms, struct vip_err *err)
{
	*knock = (struct pg_knock){ .interval_ms = interval_ms,
		.write_interval_ms = write_interval_ms,
		.timeout_ms = timeout_ms,
		.next = VRRP_TIME_NEVER };
	return pg_conn_new(&knock->conn, err);
}

void pg_knock_deinit(struct pg_knock *knock)
{
	pg_conn_free(knock->conn);
	knock->conn = NULL;
}

void pg_knock_arm(struct pg_knock *knock, bool armed, struct vrrp_time now)
{
	if (knock->armed == armed || knock->interval_ms == 0) {
		return;
	}
	knock->armed = armed;
	knock->failed = false;
	knock->next = armed ? vrrp_time_add(now, knock->interval_ms * VRRP_US_PER_MS) : VRRP_TIME_NEVER;
	knock->next_write = now;
	if (!armed) {
		pg_conn_close(knock->conn);
	}
}

struct vrrp_time pg_knock_deadline(const struct pg_knock *knock)
{
	return pg_conn_status(knock->conn) == PG_CONN_CLOSED ? knock->next : pg_conn_deadline(knock->conn);
}

/* One knock is over. */
static enum pg_knock_event pg_knock_end(struct pg_knock *knock, bool failed, struct vrrp_time now)
{
	bool changed = knock->failed != failed;

	knock->reason = failed ? pg_conn_reason(knock->conn) : PG_REASON_NONE;
	knock->failed = failed;
	pg_conn_close(knock->conn);
	knock->next = vrrp_time_add(now, knock->interval_ms * VRRP_US_PER_MS);
	if (!changed) {
		return PG_KNOCK_NONE;
	}
	return failed ? PG_KNOCK_REFUSED : PG_KNOCK_LET_IN;
}

static int pg_knock_ask(struct pg_knock *knock, bool primary, struct vrrp_time now)
{
	knock->writing = primary && knock->write_interval_ms != 0 && !vrrp_time_before(now, knock->next_write);
	if (knock->writing) {
		knock->next_write = vrrp_time_add(now, knock->write_interval_ms * VRRP_US_PER_MS);
	}
	return pg_conn_query(knock->conn, knock->writing ? pg_query_write_probe_sql() : "SELECT 1", knock->timeout_ms,
		now, &knock->err);
}

enum pg_knock_event pg_knock_run(struct pg_knock *knock, const char *conninfo, bool primary, struct vrrp_time now)
{
	bool connecting = pg_conn_status(knock->conn) == PG_CONN_CONNECTING;
	int result;

	if (pg_conn_status(knock->conn) == PG_CONN_CLOSED) {
		if (vrrp_time_before(now, knock->next)) {
			return PG_KNOCK_NONE;
		}
		result = pg_conn_open(knock->conn, conninfo, knock->timeout_ms, now, &knock->err);
		return result < 0 ? pg_knock_end(knock, true, now) : PG_KNOCK_NONE;
	}
	result = pg_conn_run(knock->conn, now, &knock->err);
	if (result > 0 && connecting) {
		result = pg_knock_ask(knock, primary, now);
		return result < 0 ? pg_knock_end(knock, true, now) : PG_KNOCK_NONE;
	}
	return result == 0 ? PG_KNOCK_NONE : pg_knock_end(knock, result < 0, now);
}

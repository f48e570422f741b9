#include "checks/pg_knock.h"

#include <assert.h>
#include <string.h>

int pg_knock_init(
	struct pg_knock *knock, const char *conninfo, int64_t interval_ms, int64_t timeout_ms, struct vip_err *err)
{
	assert(timeout_ms > 0 && strlen(conninfo) < sizeof(knock->conninfo));
	*knock = (struct pg_knock){ .interval_ms = interval_ms, .timeout_ms = timeout_ms, .next = VRRP_TIME_NEVER };
	memcpy(knock->conninfo, conninfo, strlen(conninfo) + 1);
	knock->state = interval_ms == 0 ? CHECK_OFF : CHECK_IDLE;
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
	knock->state = CHECK_IDLE;
	knock->why.text[0] = '\0';
	knock->waiting = VRRP_TIME_NONE;
	knock->next = armed ? vrrp_time_add(now, knock->interval_ms * VRRP_US_PER_MS) : VRRP_TIME_NEVER;
	if (!armed) {
		pg_conn_close(knock->conn);
	}
}

int pg_knock_fd(const struct pg_knock *knock)
{
	return pg_conn_fd(knock->conn);
}

struct vrrp_time pg_knock_deadline(const struct pg_knock *knock)
{
	return pg_conn_status(knock->conn) == PG_CONN_CLOSED ? knock->next : pg_conn_deadline(knock->conn);
}

const char *pg_knock_sentence(const struct pg_knock *knock)
{
	return knock->why.text;
}

/* Did somebody answer, if only to refuse? */
static bool pg_knock_is_answered(const struct pg_conn *conn)
{
	enum pg_reason reason = pg_conn_reason(conn);

	return reason != PG_REASON_TIMEOUT &&
	       (pg_conn_sqlstate(conn)[0] != '\0' || reason == PG_REASON_DOWN || reason == PG_REASON_AUTHENTICATION);
}

/* One knock is over. */
static void pg_knock_end(struct pg_knock *knock, bool got_in, struct vrrp_time now)
{
	if (got_in) {
		knock->why.text[0] = '\0';
	}
	if (got_in || pg_knock_is_answered(knock->conn)) {
		knock->waiting = VRRP_TIME_NONE;
		knock->state = CHECK_OK;
	} else if (vrrp_time_diff_us(now, knock->waiting) >= knock->timeout_ms * VRRP_US_PER_MS) {
		knock->state = CHECK_FAILED;
	}
	pg_conn_close(knock->conn);
	knock->next = vrrp_time_add(now, knock->interval_ms * VRRP_US_PER_MS);
}

void pg_knock_run(struct pg_knock *knock, struct vrrp_time now)
{
	int result;

	if (pg_conn_status(knock->conn) == PG_CONN_CLOSED) {
		if (vrrp_time_before(now, knock->next)) {
			return;
		}
		if (knock->waiting.us == VRRP_TIME_NONE.us) {
			knock->waiting = now;
		}
		result = pg_conn_open(knock->conn, knock->conninfo, knock->timeout_ms, now, &knock->why);
		if (result < 0) {
			pg_knock_end(knock, false, now);
		}
		return;
	}
	result = pg_conn_run(knock->conn, now, &knock->why);
	if (result != 0) {
		pg_knock_end(knock, result > 0, now);
	}
}

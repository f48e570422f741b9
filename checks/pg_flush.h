/*
 * Does a primary's WAL reach the disk? A transaction of our own (pg_query_write_probe_sql) on a session kept for it,
 * every interval: committed with synchronous_commit = local, so that a standby that is waited for is no hang.
 *
 * A session of its own, so that the look at PostgreSQL (pg_probe.h) goes on while a flush hangs. Failed: an answer has
 * been waited for longer than timeout_ms; or PostgreSQL says twice in a row that it cannot write (SQLSTATE 53100 disk
 * full, class 58 system error). A flush that hangs is waited for as long as it takes, and nothing is asked meanwhile:
 * its backend cannot be ended either, and each further one would hang beside it. What is refused otherwise (a role
 * without the right) is said, not held against PostgreSQL. Sans-loop; owned by the daemon's glue.
 */
#ifndef CHECKS_PG_FLUSH_H
#define CHECKS_PG_FLUSH_H

#include "checks/check_state.h"
#include "checks/pg_conn.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_FLUSH_REFUSALS 2       /* in a row: a failure */
#define PG_FLUSH_AGAIN_MS 1000    /* after the first of them, and between two tries to connect */
#define PG_FLUSH_CONNECT_MS 10000 /* whether new connections get in is another check's (pg_knock.h) */

struct pg_flush {
	struct pg_conn *conn;
	char conninfo[PG_CONNINFO_BYTES_MAX];
	int64_t interval_ms; /* 0 = never */
	int64_t timeout_ms;
	bool armed;
	enum check_state state;
	struct vip_err why; /* of the last answer that was not as wished; "" */
	unsigned refusals;  /* in a row */
	struct vrrp_time asked;
	struct vrrp_time next; /* connect, or flush */
};

/* 0 or negative errno (and nothing to deinit). Not armed. interval_ms 0: off. */
int pg_flush_init(
	struct pg_flush *flush, const char *conninfo, int64_t interval_ms, int64_t timeout_ms, struct vip_err *err);
void pg_flush_deinit(struct pg_flush *flush);

/* On: a primary that answers, and this host serves: first after an interval. Off: the session is closed, all is
 * forgotten. */
void pg_flush_arm(struct pg_flush *flush, bool armed, struct vrrp_time now);

int pg_flush_fd(const struct pg_flush *flush); /* stable, poll for POLLIN */
struct vrrp_time pg_flush_deadline(const struct pg_flush *flush);

/* Moves on; the outcome is in `state` and pg_flush_sentence. */
void pg_flush_run(struct pg_flush *flush, struct vrrp_time now);

/* What is wrong, also where that is no finding; "" if nothing is. */
const char *pg_flush_sentence(const struct pg_flush *flush);

#endif

/*
 * Knocks at PostgreSQL's door: does a new connection get in? A session that is open goes on answering when the
 * postmaster is stopped, cannot fork, or its accept queue is full; new clients see only the door.
 *
 * One connection an interval, closed as soon as it is open. Failed: no knock has been answered for timeout_ms, be it
 * that one hangs for so long or that all fail without an answer. Whatever PostgreSQL itself says is an answer: too many
 * connections (53300), a wrong password, "starting up" come from a postmaster that lives. So does a refusal by the
 * kernel, since whoever owns this check knows by another session that the server is up: a socket file that somebody has
 * removed is said (pg_knock_sentence), not held against PostgreSQL. Sans-loop; owned by the daemon's glue.
 */
#ifndef CHECKS_PG_KNOCK_H
#define CHECKS_PG_KNOCK_H

#include "checks/check_state.h"
#include "checks/pg_conn.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

struct pg_knock {
	struct pg_conn *conn;
	char conninfo[PG_CONNINFO_BYTES_MAX];
	int64_t interval_ms; /* 0 = never */
	int64_t timeout_ms;
	bool armed;
	enum check_state state;
	struct vip_err why;       /* of the last knock that did not get in; "" */
	struct vrrp_time next;    /* knock */
	struct vrrp_time waiting; /* since this knock no answer came; VRRP_TIME_NONE = the last one was answered */
};

/* 0 or negative errno (and nothing to deinit). Not armed. interval_ms 0: off. */
int pg_knock_init(
	struct pg_knock *knock, const char *conninfo, int64_t interval_ms, int64_t timeout_ms, struct vip_err *err);
void pg_knock_deinit(struct pg_knock *knock);

/* On: a session answers, so the door is worth a knock, an interval later. Off: nothing is found, what was found is
 * forgotten. */
void pg_knock_arm(struct pg_knock *knock, bool armed, struct vrrp_time now);

int pg_knock_fd(const struct pg_knock *knock); /* stable, poll for POLLIN */
struct vrrp_time pg_knock_deadline(const struct pg_knock *knock);

/* Moves on; the outcome is in `state` and pg_knock_sentence. */
void pg_knock_run(struct pg_knock *knock, struct vrrp_time now);

/* Why the last knock did not get in, also where that is no finding; "" if it did. */
const char *pg_knock_sentence(const struct pg_knock *knock);

#endif

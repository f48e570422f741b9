/*
 * Knocks at PostgreSQL's door: does a new connection get in, and, on a primary, does WAL reach the disk?
 *
 * Owned by pg_probe, whose persistent connection goes on answering when the postmaster is stopped or its accept queue
 * is full. One short-lived connection an interval; with `write` due it flushes WAL (pg_query_write_probe_sql).
 * Sans-loop like its owner.
 */
#ifndef CHECKS_PG_KNOCK_H
#define CHECKS_PG_KNOCK_H

#include "checks/pg_conn.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

struct pg_knock {
	struct pg_conn *conn;
	int64_t interval_ms;       /* 0 = never */
	int64_t write_interval_ms; /* 0 = never */
	int64_t timeout_ms;
	bool armed;
	bool writing;
	bool failed; /* the last one; reason and err say why */
	enum pg_reason reason;
	struct vip_err err;
	struct vrrp_time next;
	struct vrrp_time next_write;
};

enum pg_knock_event { PG_KNOCK_NONE, PG_KNOCK_REFUSED, PG_KNOCK_LET_IN };

/* 0 or negative errno. Not armed. */
int pg_knock_init(struct pg_knock *knock, int64_t interval_ms, int64_t write_interval_ms, int64_t timeout_ms,
	struct vip_err *err);
void pg_knock_deinit(struct pg_knock *knock);

/* On: the server answers, so its door is worth a knock. Off: the owner already knows that it is down. */
void pg_knock_arm(struct pg_knock *knock, bool armed, struct vrrp_time now);

struct vrrp_time pg_knock_deadline(const struct pg_knock *knock);

/* An event only when the outcome differs from the one before. primary: a write may be asked for. */
enum pg_knock_event pg_knock_run(struct pg_knock *knock, const char *conninfo, bool primary, struct vrrp_time now);

#endif

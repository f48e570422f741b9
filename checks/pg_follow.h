/*
 * Points the local standby at the holder, or at nobody; pure builders of conninfo and SQL, to be run by pg_task.
 *
 * The WAL receiver must move at once, not after wal_retrieve_retry_interval (5 s). Read in PostgreSQL's
 * xlogrecovery.c and measured on 15 (test_pg_follow): a reload with another primary_conninfo ends the receiver, also
 * one that hangs on a dead peer or still connects, and starts the next without a pause; a startup process asleep
 * between two tries is woken by any reload. So if the text is the same and the receiver does not stream, a reload is
 * enough when there is no receiver; when one hangs, the text must differ: PG_FOLLOW_NUDGE makes it so with a blank.
 *
 * A floating address is never the source: nothing here sets it, the kernel must not choose it (product.md).
 */
#ifndef CHECKS_PG_FOLLOW_H
#define CHECKS_PG_FOLLOW_H

#include "checks/pg_conn.h"
#include "checks/pg_query.h"
#include "checks/pg_task.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

/* Where to stream from. host "" = from nobody (quorum durability empties primary_conninfo). */
struct pg_follow_target {
	char host[64]; /* numeric address */
	uint16_t port;
	char slot[64];     /* "" = none */
	char member[64];   /* our own name: application_name */
	uint32_t timeline; /* the holder's, 0 = any: see pg_follow_done */
};

/*
 * Builds primary_conninfo (or, with dbname, a conninfo for pg_rewind or a task) from the configured template: its
 * keywords except host, hostaddr, port, application_name (and dbname if replaced), then ours, among them TCP timeouts
 * (30 s) unless the template has its own. Values are quoted as libpq wants them. dbname NULL leaves the template's. 0,
 * -EINVAL (unreadable template, or one naming a service), or -E2BIG.
 */
int pg_follow_conninfo(const char *upstream, const struct pg_follow_target *target, const char *dbname,
	char ret_conninfo[PG_CONNINFO_BYTES_MAX], struct vip_err *err);

enum pg_follow_act {
	PG_FOLLOW_NONE,   /* streams from there already */
	PG_FOLLOW_RELOAD, /* setting right, nobody streams: a reload makes it try at once */
	PG_FOLLOW_SET,    /* write the settings and reload */
	PG_FOLLOW_NUDGE   /* right but a receiver hangs: write the same with a blank at the end, reload */
};

/*
 * Compares a probed state with the wish. Pure. A receiver that is there, rightly pointed, but does not stream counts as
 * hanging: so leave an act a second or so to work before you decide again.
 */
enum pg_follow_act pg_follow_decide(
	const struct pg_state *state, const char *conninfo, const struct pg_follow_target *target);

/* The statements for an act (conninfo "" empties both settings). 0 or negative errno. */
int pg_follow_script(enum pg_follow_act act, const char *conninfo, const char *slot, const struct pg_state *state,
	struct pg_script *ret_script, struct vip_err *err);

/*
 * Does this state show streaming from the target (host, port, slot, timeline), or, host "": no receiver and an empty
 * setting? Give the timeline: a standby that has more of the old one than the fork also shows "streaming" from there,
 * for some ms every 5 s, on the old timeline, and never gets further (measured).
 */
bool pg_follow_done(const struct pg_state *state, const struct pg_follow_target *target);

#endif

/*
 * Watches the local PostgreSQL through one persistent connection, and promotes it over the same.
 *
 * A probe asks pg_query's one statement every interval, with a deadline; a lost connection is opened again at once and
 * then with doubling pauses (PG_PROBE_RETRY_FIRST_MS … PG_PROBE_RETRY_LAST_MS). The death of the postmaster is known
 * without asking: a pidfd on the process that listens (SO_PEERCRED of the unix socket; over TCP give the pid from
 * pg_datadir's report to pg_probe_postmaster_set). That a session answers does not say that PostgreSQL can work:
 * whether new clients get in (pg_knock.h) and WAL reaches the disk (pg_flush.h) are checks beside this one. With
 * members given, a primary is asked in each look for their walsenders, too.
 *
 * Sans-loop: poll pg_probe_fd for POLLIN, wake at pg_probe_deadline, then call pg_probe_run until it returns
 * PG_PROBE_NONE. The caller owns the probe; nothing here logs or reads the clock.
 */
#ifndef CHECKS_PG_PROBE_H
#define CHECKS_PG_PROBE_H

#include "checks/pg_conn.h"
#include "checks/pg_query.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_PROBE_RETRY_FIRST_MS 5
#define PG_PROBE_RETRY_LAST_MS 1000
#define PG_PROBE_NUDGE_SEEN_MS 2   /* between reloads while the startup process is seen to sleep out a promotion */
#define PG_PROBE_NUDGE_MS 100      /* … and while it is not: its wait may be hidden from the role */
#define PG_PROBE_PROMOTE_POLL_MS 1 /* while a promotion is awaited */

struct pg_probe_config {
	char conninfo[PG_CONNINFO_BYTES_MAX];
	int64_t interval_ms;            /* probe_interval */
	int64_t timeout_ms;             /* probe_timeout: connect, and answer */
	struct pg_sync_members members; /* of whose walsenders a primary is asked; count 0 = not */
};

enum pg_probe_event {
	PG_PROBE_NONE,
	PG_PROBE_STATE,         /* pg_probe_state is new */
	PG_PROBE_ENDED,         /* somebody ended our session (sentence); another is opened, what was seen holds */
	PG_PROBE_DOWN,          /* no answer: pg_probe_reason, pg_probe_sentence; once per change of reason */
	PG_PROBE_DEAD,          /* the postmaster has ended (pidfd); no more than once a postmaster */
	PG_PROBE_PROMOTED,      /* out of recovery; pg_probe_state was read after that */
	PG_PROBE_PROMOTE_FAILED /* refused, or not by the deadline; sentence says */
};

struct pg_probe;

/* Begins at once. 0 and *ret_probe, -EINVAL for a bad conninfo, or another negative errno. */
int pg_probe_new(
	const struct pg_probe_config *config, struct vrrp_time now, struct pg_probe **ret_probe, struct vip_err *err);
void pg_probe_free(struct pg_probe *probe);

int pg_probe_fd(const struct pg_probe *probe);
struct vrrp_time pg_probe_deadline(const struct pg_probe *probe);
enum pg_probe_event pg_probe_run(struct pg_probe *probe, struct vrrp_time now);

/* The last answer (all zero before the first), and when it was asked for. */
const struct pg_state *pg_probe_state(const struct pg_probe *probe);
struct vrrp_time pg_probe_state_time(const struct pg_probe *probe);

/* PG_REASON_NONE while the last attempt succeeded. */
enum pg_reason pg_probe_reason(const struct pg_probe *probe);
const char *pg_probe_sentence(const struct pg_probe *probe);

/* Another interval from now on (a few ms while something is expected); probes at once if that is overdue. */
void pg_probe_interval_set(struct pg_probe *probe, int64_t interval_ms, struct vrrp_time now);

/* Asks, or tries to connect, now; the back-off starts anew. No effect while an answer is awaited. */
void pg_probe_now(struct pg_probe *probe, struct vrrp_time now);

/*
 * SELECT pg_promote(false) on the open connection, then a poll of pg_is_in_recovery() every 1 … 2 ms until it says no
 * or the deadline comes. Ends with PG_PROBE_PROMOTED or PG_PROBE_PROMOTE_FAILED, always exactly one of them.
 * 0, -ENOTCONN (no connection: wait for PG_PROBE_STATE), -EALREADY. An answer in flight is awaited first.
 */
int pg_probe_promote(struct pg_probe *probe, struct vrrp_time now, struct vrrp_time deadline, struct vip_err *err);

/* A promotion that could not be sent before this instant (the connection was busy) is never sent: it fails. */
void pg_probe_promote_latest_set(struct pg_probe *probe, struct vrrp_time latest);

/* Forgets a promotion: not sent yet it never is; sent it may come about, and only the state tells. No event. */
void pg_probe_promote_cancel(struct pg_probe *probe);

/* The postmaster: 0 = not known. A pid set by hand holds until the next unix-socket connection tells another. */
pid_t pg_probe_postmaster(const struct pg_probe *probe);
int pg_probe_postmaster_set(struct pg_probe *probe, pid_t pid, struct vip_err *err);

/* Borrowed, for pg_rejoin_stop; -1 = not known. */
int pg_probe_postmaster_pidfd(const struct pg_probe *probe);

/* Sends a signal through the pidfd, so never to a recycled pid. 0, -ESRCH (not known or gone), or negative errno. */
int pg_probe_postmaster_signal(struct pg_probe *probe, int signal, struct vip_err *err);

#endif

/*
 * Inside of pg_probe.h: shared by pg_probe.c (connection, questions, events) and pg_probe_promote.c (promotion, and
 * what the caller reads or sets). Only these two include it.
 */
#ifndef CHECKS_PG_PROBE_PRIVATE_H
#define CHECKS_PG_PROBE_PRIVATE_H

#include "checks/pg_memory.h"
#include "checks/pg_postmaster.h"
#include "checks/pg_probe.h"
#include "checks/watch.h"

/* Prepared once a connection. */
#define PG_PROBE_STATEMENT "vipd_state"
#define PG_PROBE_STATEMENT_RECOVERY "vipd_recovery"
#define PG_PROBE_SENDERS "vipd_senders"

/* What the persistent connection is busy with. */
enum pg_probe_question { PG_ASK_PREPARE, PG_ASK_STATE, PG_ASK_SENDERS, PG_ASK_PROMOTE, PG_ASK_RECOVERY, PG_ASK_RELOAD };

enum pg_probe_promotion {
	PG_PROMOTION_NONE,
	PG_PROMOTION_WANTED, /* pg_promote is yet to be sent */
	PG_PROMOTION_SENT,   /* … was sent; pg_is_in_recovery is polled */
	PG_PROMOTION_PROVED  /* out of recovery; the state is yet to be read */
};

struct pg_probe {
	struct pg_probe_config config;
	struct check_watch watch;
	struct pg_conn *conn;
	struct pg_postmaster postmaster;
	enum pg_probe_question question;
	struct pg_state state;
	struct pg_state half; /* read, while its walsenders are asked for */
	struct vrrp_time half_time;
	struct vrrp_time state_time;
	struct vrrp_time asked;
	struct vrrp_time ended; /* when our session was last ended by somebody, and that was told */
	bool answered;          /* a look came over this connection */
	unsigned unanswered;    /* sessions in a row that ended without one */
	struct vrrp_time next;  /* idle: when to ask; closed: when to connect */
	int64_t retry_ms;
	unsigned asked_again;
	enum pg_reason reason;
	enum pg_reason reason_told; /* of the last PG_PROBE_DOWN */
	struct vip_err sentence;
	struct pg_memory memory;
	enum pg_probe_promotion promotion;
	struct vrrp_time promote_deadline;
	struct vrrp_time promote_latest; /* not to be sent from then on */
	struct vrrp_time promote_nudged; /* when the startup process was last woken, or asked to promote */
	bool promote_asleep;             /* the last poll saw it sleep */
	struct vrrp_time promote_poll;
	unsigned events; /* bits 1 << enum pg_probe_event, told one a run */
};

/* pg_probe.c */
void pg_probe_tell(struct pg_probe *probe, enum pg_probe_event event);
void pg_probe_ask(struct pg_probe *probe, enum pg_probe_question question, const char *sql, struct vrrp_time now);
void pg_probe_ask_state(struct pg_probe *probe, struct vrrp_time now);
void pg_probe_idle(struct pg_probe *probe, struct vrrp_time now);

/* pg_probe_promote.c */
void pg_probe_promotion_end(struct pg_probe *probe, enum pg_probe_event event);
void pg_probe_answer_recovery(struct pg_probe *probe, struct vrrp_time now);
/* What the promotion wants of an idle connection; false: nothing now. */
bool pg_probe_promotion_step(struct pg_probe *probe, struct vrrp_time now);

#endif

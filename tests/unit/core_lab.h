/*
 * A member alone on a table: one struct vrrp_core, simulated time, and the other members as reports that a test writes.
 *
 * The core is member 1 (index 0), of the lowest priority; the others are indexes 1 and up, the witnesses last.
 * `peer[i]` is what member i will say next: change a field, then core_lab_hear(). Disk, probe and history answer by
 * themselves and at once, unless a test holds them; orders to PostgreSQL are answered by the test. `done` is all that
 * the core ordered in consequence of the last call, and core_lab_line() is the same as one line of text, which most
 * tests compare.
 *
 * Every step of every test goes through core_monitor.h, so that a story also proves the invariants. Include after
 * cmocka.h.
 */
#ifndef TESTS_UNIT_CORE_LAB_H
#define TESTS_UNIT_CORE_LAB_H

#include "tests/unit/core_monitor.h"
#include "vrrp/core.h"

#define CORE_LAB_DONE_MAX 4096
#define CORE_LAB_LINE_MAX 8192
#define CORE_LAB_STEPS_MAX 20000 /* of one call: more is a busy loop */
#define CORE_LAB_MS VRRP_US_PER_MS
#define CORE_LAB_INCARNATION UINT64_C(0x1111)
#define CORE_LAB_SYSTEM UINT64_C(77)
#define CORE_LAB_LSN UINT64_C(0x1000000)

struct core_lab {
	struct vrrp_core_config config;
	struct vrrp_core core;
	struct core_monitor monitor;
	struct vrrp_update update; /* of the last step */
	struct vrrp_time now;
	struct vrrp_report peer[VRRP_MEMBERS_MAX];
	struct vrrp_report mine;     /* my last report */
	struct vrrp_pg pg;           /* what a probe says */
	struct vrrp_history history; /* what is read from pg_wal */
	struct vrrp_stored disk;     /* what is durable */
	struct vrrp_token token;     /* what stands in the token's file; taken away by a start */
	struct vrrp_token writing;   /* what the last TOKEN ordered */
	struct vrrp_stored pending;  /* what the last STORE wrote, if the disk is held */
	uint64_t pending_ticket;
	struct vrrp_pg_sync list; /* durability quorum: the sync names on PostgreSQL's disk, and who streams */
	bool disk_held;
	bool token_held;
	bool probe_held;
	bool readable;
	uint32_t clock_excess_ppm; /* what a start finds */
	uint64_t counter;          /* of the ballots that the others make */
	unsigned done_count;
	unsigned depth;
	struct vrrp_action done[CORE_LAB_DONE_MAX];
	char line[CORE_LAB_LINE_MAX];
};

/* members in all, the last `witnesses` of them witnesses; nothing has run yet: config, pg and disk can be changed. */
void core_lab_init(struct core_lab *lab, unsigned members, unsigned witnesses);
/* The daemon's start, with what is on the disk. Time goes on; a second call is a restart with a new incarnation. */
void core_lab_start(struct core_lab *lab);
/* init and start of a first start ever, PostgreSQL a standby at CORE_LAB_LSN, everybody heard: BACKUP. */
void core_lab_up(struct core_lab *lab, unsigned members, unsigned witnesses);
/* The same with PostgreSQL a running primary, and nobody heard yet: heard by a majority it stands at once. */
void core_lab_up_primary(struct core_lab *lab, unsigned members, unsigned witnesses);

/* One event. */
void core_lab_event(struct core_lab *lab, enum vrrp_event_kind kind, bool ok);
void core_lab_step(struct core_lab *lab, struct vrrp_event event);
/* Time passes; timers fire at each deadline, nobody says anything. */
void core_lab_after_us(struct core_lab *lab, int64_t us);
/* The daemon does not run for so long, then the timer fires. */
void core_lab_freeze_us(struct core_lab *lab, int64_t us);
/* Member i says peer[i], proving that it heard my last report. */
void core_lab_hear(struct core_lab *lab, unsigned i);
void core_lab_hear_all(struct core_lab *lab);
/* The same without the proof: an old or a replayed packet. */
void core_lab_hear_stale(struct core_lab *lab, unsigned i);
/* Member i grants what my last report asked for. */
void core_lab_grant(struct core_lab *lab, unsigned i);
/* Member i asks under a new ballot as a candidate (and stays one in peer[i]). True if I granted. */
bool core_lab_ask(struct core_lab *lab, unsigned i);
/* The same once more under the same ballot, in the role that peer[i] says. */
bool core_lab_ask_again(struct core_lab *lab, unsigned i);
/* Member i is MASTER with this counter, serving timeline `timeline` of my cluster. */
void core_lab_be_master(struct core_lab *lab, unsigned i, uint64_t counter, uint32_t timeline);
/* The present PG order ends, and lab->pg is what it makes of PostgreSQL; but for PROMOTE: first set lab->pg. */
void core_lab_pg_done(struct core_lab *lab, bool ok);
/* The held token is written or removed, or that failed. */
void core_lab_token(struct core_lab *lab, bool ok);
/* The held store is durable, or failed. */
void core_lab_stored(struct core_lab *lab, bool ok);
/* What PostgreSQL is after a promotion to that timeline, here or on member i. */
void core_lab_promoted(struct core_lab *lab, uint32_t timeline);
/* PostgreSQL's probe now says lab->pg. */
void core_lab_probe(struct core_lab *lab);

/* All are heard, and it is my turn: to CANDIDATE; on to PROMOTING by all grants (a running primary: to MASTER); on to
 * MASTER. `done` is that of all together. */
void core_lab_stand(struct core_lab *lab);
void core_lab_elect(struct core_lab *lab);
void core_lab_serve(struct core_lab *lab);
/* Lets `us` pass; each ask of mine is granted by the members in `mask` (bit i) 1 ms later, the others are silent. */
void core_lab_run_us(struct core_lab *lab, int64_t us, unsigned mask);

/* Durability quorum (core_lab_quorum.c). After init: PostgreSQL is a standby attached to nobody that is heard, fsync
 * on. */
void core_lab_quorum(struct core_lab *lab);
/* init, that, and start; everybody heard: BACKUP. */
void core_lab_up_quorum(struct core_lab *lab, unsigned members, unsigned witnesses);
/* DETACH, SEAL, SYNC_NAMES and DROP_SENDERS end well, as long as there are any; in `done` of the call. */
void core_lab_settle(struct core_lab *lab);
/* Member i answers my ask for a voucher: yes; no, being ahead by so many bytes. */
void core_lab_vouch(struct core_lab *lab, unsigned i);
void core_lab_refuse(struct core_lab *lab, unsigned i, uint64_t bytes);
/* Member i is PROMOTING under a new ballot. Then, or later: 1 if my last report vouches for it, 2 if it says no, else
 * 0. */
int core_lab_ask_voucher(struct core_lab *lab, unsigned i);
int core_lab_voucher(const struct core_lab *lab, unsigned i);
/* What lab->list makes of what a primary says of its standbys. */
void core_lab_sync_said(struct core_lab *lab);
/* What an order makes of it, and of primary_conninfo; core_lab_pg_done() calls it. */
void core_lab_quorum_done(struct core_lab *lab, enum vrrp_pg_op op, bool ok);

/* How many actions of that kind, or orders of that op, there are in `done`. */
unsigned core_lab_count(const struct core_lab *lab, enum vrrp_action_kind kind);
unsigned core_lab_ops(const struct core_lab *lab, enum vrrp_pg_op op);
/* Whether the role was taken in `done`. */
bool core_lab_became(const struct core_lab *lab, enum vrrp_role role);
/* `done` without log lines and probes, as words; what is done twice in a row stands there once. */
const char *core_lab_line(struct core_lab *lab);
/* The reason of my last refusal, if it is for member i; else VRRP_REFUSAL_NONE. */
enum vrrp_refusal core_lab_refusal(const struct core_lab *lab, unsigned i);

#endif

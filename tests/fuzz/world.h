/*
 * The surroundings of the one member that fuzz_core.c drives: the others as reports that can be changed field by field,
 * PostgreSQL as what a probe says, the disk, and the judge of every step. All of it is decided by the fuzzer's bytes.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "tests/fuzz/input.h"
#include "tests/unit/core_monitor.h"
#include "vrrp/core.h"

#define WORLD_STORES_MAX 8 /* under way; beyond that the oldest is superseded, as in vipd/state_writer */
#define WORLD_SYSTEM UINT64_C(77)
#define WORLD_LSN UINT64_C(0x5000000)

struct world_store {
	uint64_t ticket;
	struct vrrp_stored stored;
};

struct world {
	struct vrrp_core_config config;
	struct vrrp_core core;
	struct core_monitor monitor;
	struct vrrp_time now;
	struct vrrp_report peer[VRRP_MEMBERS_MAX]; /* what each says next */
	struct vrrp_pg pg;
	struct vrrp_history history; /* in pg_wal */
	struct vrrp_stored disk;
	struct world_store store[WORLD_STORES_MAX]; /* under way, oldest first */
	unsigned stores;
	struct vrrp_token token;   /* in its file; a start takes it away */
	struct vrrp_token writing; /* the last order */
	bool token_waits;
	bool fence_waits;
	bool history_waits;
	bool probe_waits;
	bool ended; /* EXIT was ordered */
};

/* Configuration, what is on the disk, what PostgreSQL is; then the start. */
void world_init(struct world *w, struct input *input);
/* One event at w->now, judged. abort() with a sentence if something is wrong. */
void world_step(struct world *w, struct vrrp_event *event);
/* The daemon dies and is started again; `how`: whether the file is readable, and the boot id the same. */
void world_crash(struct world *w, unsigned how);
void world_probe(struct world *w);
/* The oldest store under way ends; `stray`: a ticket that nobody waits for. */
void world_stored(struct world *w, bool ok, bool stray);
/* The order about the token's file ends; `stray`: a ticket that nobody waits for. */
void world_token_done(struct world *w, bool ok, bool stray);
/* Member i says peer[i]; fresh: it proves that it heard my last report. i may be out of range. */
void world_say(struct world *w, unsigned i, bool fresh);
/* Member i asks for the lease, under a new ballot or (again & 1) its last. */
void world_ask(struct world *w, unsigned i, unsigned again);
/* `count` deadlines with disk, PostgreSQL and the members of `mask` answering as they should. */
void world_friendly(struct world *w, unsigned count, unsigned mask);
/* What w->pg is once the present order has ended. */
void world_pg_follows_order(struct world *w, bool ok);
void world_pg_dies(struct world *w);

/* world_values.c: one field takes another value. */
void world_peer_change(struct world *w, unsigned i, struct input *input);
void world_pg_change(struct world *w, struct input *input);
void world_history_choose(struct vrrp_history *ret_history, struct input *input);
void world_config_choose(struct vrrp_core_config *ret_config, struct input *input);
void world_disk_choose(struct vrrp_stored *ret_disk, const struct vrrp_core_config *config, struct input *input);

#endif

/*
 * The simulator's PostgreSQL: WAL whose identity is known (wal.c), a server that is down, starting or up (pg.c),
 * connections between walsenders and WAL receivers that live on their own (pg_stream.c), and the orders of the daemon
 * (pg_op.c). As the real one it knows timelines by number only: it attaches happily to another timeline of the same
 * number [A2], and every process reads a changed configuration when it gets to it [D7].
 *
 * A line is a branch (one physical timeline, made by one promotion) and an LSN on it. Everything written is flushed;
 * records end at multiples of SIM_RECORD_BYTES; what was received beyond the last whole record is thrown away by a
 * promotion. Positions are brought up to date lazily by sim_pg_sync_all(), before anything that they depend on changes.
 */
#ifndef SIM_PG_H
#define SIM_PG_H

#include "vrrp/core.h"

#define SIM_MEMBERS_MAX 7
#define SIM_RECORD_BYTES 64
#define SIM_PG_CHECKPOINTER 0xffU /* not a walsender */
#define SIM_PG_SYSTEM_IDENTIFIER UINT64_C(7251234567890123456)

struct sim_world;
struct sim_member;
struct sim_event;

struct sim_branch {
	int32_t parent;
	uint32_t timeline;
	vrrp_lsn fork; /* where it left its parent */
	uint64_t fingerprint;
};

struct sim_wal {
	struct sim_branch *branch;
	unsigned count;
	unsigned size;
};

/* Everything up to `lsn` on that branch; branch -1 = nothing. */
struct sim_point {
	int32_t branch;
	vrrp_lsn lsn;
};

enum sim_pg_state { SIM_PG_DOWN = 0, SIM_PG_STARTING, SIM_PG_UP };

/* A value of synchronous_standby_names: ANY k (set). k 0 = empty. */
struct sim_names {
	uint16_t set;
	uint8_t k;
};

/* The walsender for one member; one, because each member has a slot, which a second one could not get. */
struct sim_sender {
	bool exists;
	uint64_t connection;
	struct sim_names names; /* as it has read them; nothing on a standby */
	int64_t broken_us;      /* since then nothing passes; 0 = all is well */
	vrrp_lsn flushed;       /* as the standby has said */
};

struct sim_pg {
	enum sim_pg_state state;
	bool standby;  /* standby.signal */
	bool clean;    /* down after a clean stop as a primary: its end is known */
	bool hung;     /* probes time out */
	uint32_t sick; /* what the checks beside the probe find: set of VRRP_HEALTH_FAULTS */
	bool replay_paused;
	bool mixed;    /* what is in it is on no line any more, though it does not know */
	bool broken;   /* half rewound */
	uint64_t life; /* of the postmaster */
	/* WAL */
	int32_t branch;
	vrrp_lsn position; /* end of WAL; see sim_pg_flushed() */
	struct vrrp_history history;
	uint32_t control_timeline; /* pg_control's: that of the last checkpoint */
	int64_t synced_us;         /* position is as of then */
	/* as a standby */
	uint8_t upstream; /* primary_conninfo; VRRP_MEMBER_NONE */
	bool receiver;    /* a WAL receiver exists */
	uint8_t receiver_from;
	uint64_t connection;
	int64_t receiver_broken_us;
	int64_t receiver_ends_us; /* it was told to go; 0 = not */
	int64_t no_receiver_since_us;
	/* as a primary */
	struct sim_names names; /* on disk */
	struct sim_names waits; /* what commits wait for: the checkpointer has read it */
	struct sim_sender sender[SIM_MEMBERS_MAX];
	uint16_t slots; /* members with a slot here: they made it when they followed; a new directory has none */
	/* the order under way */
	uint64_t op_life;
	enum vrrp_pg_op op;
	uint8_t op_member;
	uint8_t op_tries;
	uint32_t op_timeline; /* of op_member, as the last report of it said when the order was given */
	uint8_t sync_k;
	uint16_t sync_set;
	uint64_t op_ticket;
	uint64_t op_daemon; /* life of the daemon that ordered it */
};

/* wal.c. A new branch from the end of a line; its number is one above the line's. */
int32_t sim_wal_fork(struct sim_world *world, struct sim_point from);
void sim_wal_init(struct sim_world *world);
void sim_wal_deinit(struct sim_world *world);
/* Whether everything up to `point` is on `line`. */
bool sim_wal_contains(const struct sim_world *world, struct sim_point line, struct sim_point point);
/* A position on a line, named by the branch on which it really is. */
struct sim_point sim_wal_point(const struct sim_world *world, int32_t branch, vrrp_lsn lsn);
/* The last timelines of a line, as PostgreSQL's history file and the fingerprints tell. */
struct vrrp_history sim_wal_history(const struct sim_world *world, int32_t branch);

/* pg.c: a server's life, and what a probe sees. */
void sim_pg_init(struct sim_world *world, struct sim_member *member, bool primary);
vrrp_lsn sim_pg_flushed(const struct sim_world *world, const struct sim_pg *pg);
struct sim_point sim_pg_end(const struct sim_world *world, const struct sim_pg *pg); /* of the last whole record */
uint32_t sim_pg_timeline(const struct sim_pg *pg);
void sim_pg_set_line(struct sim_world *world, struct sim_pg *pg, int32_t branch, vrrp_lsn position);
struct vrrp_pg sim_pg_look(struct sim_world *world, struct sim_member *member);
void sim_pg_die(struct sim_world *world, struct sim_member *member, bool clean);
void sim_pg_begin_start(struct sim_world *world, struct sim_member *member, bool standby);
void sim_pg_change(struct sim_world *world, struct sim_member *member);
void sim_pg_probe(struct sim_world *world, struct sim_member *member);
void sim_pg_probe_done(struct sim_world *world, struct sim_member *member);
void sim_pg_history_done(struct sim_world *world, struct sim_member *member);

/* pg_stream.c: brings all positions, connections and acknowledgments up to now. */
void sim_pg_sync_all(struct sim_world *world);
/* A fast stop: the standbys that stream get everything, the shutdown checkpoint too. */
void sim_pg_drain(struct sim_world *world, struct sim_member *member);
void sim_pg_end_connections(struct sim_world *world, struct sim_member *member);
void sim_pg_reload(struct sim_world *world, struct sim_member *member);
void sim_pg_reread(struct sim_world *world, struct sim_member *member, const struct sim_event *event);

/* pg_op.c: orders. */
void sim_pg_op(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action);
void sim_pg_op_done(struct sim_world *world, struct sim_member *member, const struct sim_event *event);
/* The helper that carries an order out is cut off in the middle. */
void sim_pg_op_cut(struct sim_world *world, struct sim_member *member);
void sim_pg_checkpoint_done(struct sim_world *world, struct sim_member *member, const struct sim_event *event);

#endif

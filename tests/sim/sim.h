/*
 * The simulator: one instance of 2 to 7 members in simulated time, running the very struct vrrp_core of the daemon.
 *
 * Everything comes from one seed: the knobs (knobs.c), clocks that drift, the network (net.c), PostgreSQL with WAL that
 * has an identity (wal.h, pg.c, pg_stream.c, pg_op.c), daemons that die, freeze between any two of their actions and
 * thaw (member.c), the kernel's gate and address (kernel.c), faults (faults.c). world.c runs the heap of events: a
 * phase of faults, then a phase in which all is healed, and again. Invariants of protocol.md section 2 are asserted by
 * number, one file each (inv_*.c), through the hooks at the end of this header. The first violation ends the run; the
 * seed repeats it exactly.
 *
 * True time is in microseconds from the start of the run and is seen by nobody inside: a member knows only its own
 * CLOCK_BOOTTIME, whose rate is within max_drift of every other member's, and which starts anew when its host boots.
 * struct sim_world owns everything; one world a thread. Nothing here reads the wall clock but main.c.
 */
#ifndef SIM_H
#define SIM_H

#include <stdio.h>

#include "tests/sim/knobs.h"
#include "tests/sim/pg.h"
#include "vrrp/core.h"

#define SIM_INBOX_MAX 256          /* events that wait for a frozen daemon */
#define SIM_SOCKET_PACKETS_MAX 128 /* of them packets; more are lost, as in a socket buffer */
#define SIM_TICKETS_MAX 64         /* stores that wait for one write */
#define SIM_REPLAY_MAX 64          /* packets that the attacker remembers */
#define SIM_SPIN_MAX 1000          /* steps of one daemon at one instant before it counts as a busy loop */
#define SIM_VIOLATION_TEXT_MAX 400

enum sim_event_kind {
	SIM_EV_WAKE = 0, /* the deadline of a daemon may have come */
	SIM_EV_DELIVER,  /* a packet arrives */
	SIM_EV_THAW,
	SIM_EV_START,      /* a daemon is started */
	SIM_EV_BOOT,       /* a host is up again */
	SIM_EV_STORED,     /* a write of the state file is durable */
	SIM_EV_TOKEN,      /* the same of the token's file */
	SIM_EV_PROBE,      /* a probe ends */
	SIM_EV_PROBE_TICK, /* the periodic probe begins */
	SIM_EV_FENCED,     /* fence_command has ended */
	SIM_EV_HISTORY,    /* the history was read */
	SIM_EV_PG_OP,      /* an order to PostgreSQL ends */
	SIM_EV_PG_CHANGE,  /* PostgreSQL changes by itself: has started */
	SIM_EV_PG_REREAD,  /* a process of PostgreSQL reads its configuration again: walsender `a`, or the checkpointer
			    */
	SIM_EV_PG_CHECKPOINT,
	SIM_EV_FAULT, /* the next fault */
	SIM_EV_CUT,   /* a cut of the member that serves, if any */
	SIM_EV_HEAL,  /* a cut or the weather ends: `a` says which */
	SIM_EV_PHASE, /* the phase ends */
	SIM_EV_LIVE,  /* I4 is due */
};

struct sim_packet;

struct sim_event {
	int64_t at_us;
	uint64_t order; /* ties are broken by age */
	uint64_t life;  /* of the daemon, host or PostgreSQL it belongs to; another one: ignored */
	struct sim_packet *packet;
	uint64_t ticket;
	uint64_t daemon; /* life of the daemon that a ticket is of */
	uint8_t kind;
	uint8_t member;
	uint8_t a;
	bool ok;
};

struct sim_heap {
	struct sim_event *event;
	size_t count;
	size_t size;
	uint64_t order;
};

/* A report under way, shared by its copies. */
struct sim_packet {
	unsigned references;
	struct sim_packet *next_free;
	struct vrrp_report report;
};

struct sim_link {
	unsigned cuts;    /* > 0: no report passes */
	unsigned pg_cuts; /* > 0: nothing of PostgreSQL's passes */
};

/* What a cut takes away: a set of these. */
#define SIM_CUT_REPORTS 1U
#define SIM_CUT_PG 2U

/* What SIM_EV_HEAL mends: the number of a cut, or one of these. */
#define SIM_HEAL_PG_HANG 200
#define SIM_HEAL_CARRIER 201
#define SIM_HEAL_PAUSE 202
#define SIM_HEAL_PG_SICK 203
#define SIM_HEAL_TRACK 204
#define SIM_HEAL_TRACK_LOOK 205 /* what is tracked was looked at for the first time */
#define SIM_HEAL_SLEW_BEGINS 206
#define SIM_HEAL_SLEW 207
#define SIM_HEAL_ROLLOUT 208 /* the next daemon gets the new member list */

/* What the kernel of a member keeps, whatever its daemon does. All times are the member's own BOOTTIME. */
struct sim_kernel {
	struct vrrp_time gate_in;
	struct vrrp_time gate_out;
	bool bound;
	struct vrrp_time bound_until;
};

/* The state file. */
struct sim_disk {
	bool exists;
	bool damaged;
	uint64_t boot; /* boot id under which it was written */
	struct vrrp_stored stored;
	struct vrrp_token token; /* in a file of its own; ballot none: there is none */
	uint64_t token_boot;
};

/* A write of the state file that stands for `count` tickets; 0 = none. */
struct sim_write {
	unsigned count;
	uint64_t ticket[SIM_TICKETS_MAX];
	struct vrrp_stored stored;
};

/* An event that waits for the daemon. */
struct sim_inbox_entry {
	enum vrrp_event_kind kind;
	bool ok;
	bool untouched;
	uint8_t member;
	uint32_t faults;
	uint64_t ticket;
	struct sim_packet *packet;
	struct vrrp_pg pg;
	struct vrrp_history history;
	struct vrrp_token token;
	struct vrrp_track track;
	uint32_t clock_excess_ppm;
};

struct sim_member {
	uint8_t index;
	bool witness;

	/* the daemon's configuration file */
	uint8_t priority;
	uint8_t listed; /* it names the first so many members; 0 = there is no such file (yet) */

	/* host: clock, kernel, disk */
	bool host_up;
	uint64_t boot;
	int64_t clock_true_us; /* local = clock_local_us + (true - clock_true_us) * rate_ppm / 1e6 */
	int64_t clock_local_us;
	int64_t rate_ppm;
	uint32_t excess_ppm; /* what adjtimex says: the rate is, or will be, so far beyond half of max_drift */
	bool slewed_fast;
	bool carrier;
	struct vrrp_track track;
	struct sim_kernel kernel;
	struct sim_disk disk;
	struct sim_pg pg;

	/* daemon */
	bool running;
	bool frozen;
	bool clean_stop;    /* a stop was asked for; restarted after it has left */
	uint64_t life;      /* +1 at each start and end */
	uint64_t freeze_in; /* points to pass before it freezes; 0 = no freeze is due */
	int64_t freeze_us;
	unsigned freeze_kind; /* stories only: freezes before the next action of this kind, plus one; 0 = none */
	enum vrrp_pg_op freeze_op;
	bool froze;          /* this is no short stall */
	uint64_t stutter_in; /* the same for the next short stall */
	struct vrrp_core core;
	struct vrrp_event event;
	struct vrrp_update update;
	struct vrrp_time lease_before; /* vrrp_core_lease_end() before the last step */
	enum vrrp_role role_before;
	struct vrrp_time cached_clock; /* sabotage only */
	bool event_ready;              /* `event` has its time, the step is still to come */
	unsigned next_action;
	struct sim_packet *packet; /* of `event` */
	bool in_run;
	int64_t wake_us; /* earliest SIM_EV_WAKE in the heap; INT64_MAX = none */
	int64_t spin_us;
	unsigned spins;
	unsigned probes; /* under way */
	struct sim_inbox_entry inbox[SIM_INBOX_MAX];
	unsigned inbox_first;
	unsigned inbox_count;
	unsigned inbox_packets;
	struct sim_write writing; /* on its way to the disk */
	struct sim_write waiting; /* the next one; later stores go into it */
	bool token_writing;
	struct vrrp_token token; /* on its way to the disk */
};

enum sim_phase { SIM_PHASE_FAULTS = 0, SIM_PHASE_HEALED };

/* What I4 watches while all is healed. */
struct sim_live {
	int64_t healed_us;
	int64_t due_us;  /* 0 = not yet computed */
	bool had_holder; /* at due_us or before */
	int holder;      /* last one that served; -1 */
	unsigned moves;
	unsigned resumes; /* times an operator had to resume since all was healed */
};

struct sim_counts {
	uint64_t steps;
	uint64_t events;
	uint64_t takeovers;
	uint64_t gate_writes;
	uint64_t late_gate_writes; /* a write whose end was past when it was written */
	uint64_t faults;
	uint64_t freezes;
	uint64_t live_checked;
	uint64_t live_vacuous; /* nobody was eligible: I4 says nothing */
	uint64_t spoiled;      /* packets changed under way, all dropped */
	uint64_t attaches;     /* WAL receivers that began to stream */
	uint64_t acked_bytes;  /* acknowledged through open gates or by named standbys */
	uint64_t lost_bytes;   /* of them gone when another began to serve (durability async) */
	uint64_t mixed;        /* a diverged standby was attached where the daemons could not know */
	int64_t true_us;
};

struct sim_world {
	struct sim_knobs knobs;
	struct vrrp_prng prng;
	int64_t now_us;
	struct sim_heap heap;
	unsigned count;
	struct sim_member member[SIM_MEMBERS_MAX];
	struct sim_wal wal;
	struct sim_point acked;    /* the newest acknowledged commit; all others are before it on its line (I3) */
	struct sim_point forgiven; /* not asked for any more, see inv_commits.c */
	uint64_t connections;
	int64_t synced_us; /* PostgreSQL's positions are as of then */
	struct sim_link link[SIM_MEMBERS_MAX][SIM_MEMBERS_MAX];
	bool cut_set[16][SIM_MEMBERS_MAX][SIM_MEMBERS_MAX]; /* partitions in force, by number */
	unsigned cut_used[16];                              /* what it takes away; 0 = no such cut */
	unsigned listed;                                    /* members that the newest list names: the first so many */
	unsigned partial; /* healed: bit set of the members that are not connected with everybody */
	int64_t loss_ppm; /* the weather now */
	int64_t delay_max_us;
	struct sim_packet *free_packets;
	struct sim_packet *replay[SIM_REPLAY_MAX];
	uint64_t replay_next;
	enum sim_phase phase;
	unsigned round;
	bool over;
	struct sim_live live;
	struct sim_counts counts;
	uint64_t max_steps;
	bool codec;
	FILE *trace; /* NULL = off */
	bool violated;
	char violation[SIM_VIOLATION_TEXT_MAX];
};

/* heap.c: earliest event first. */
void sim_heap_push(struct sim_heap *heap, const struct sim_event *event);
bool sim_heap_pop(struct sim_heap *heap, struct sim_event *ret_event);
void sim_heap_deinit(struct sim_heap *heap);

/* world.c. A world is run once: init, run, deinit. Returns true if no invariant was violated. */
void sim_world_init(struct sim_world *world, const struct sim_knobs *knobs);
bool sim_world_run(struct sim_world *world);
/* One event of the heap, for who tells a story himself; false if there is none. Not to be mixed with sim_world_run().
 */
bool sim_world_step(struct sim_world *world);
void sim_world_deinit(struct sim_world *world);
/* Pushes an event `after_us` from now. */
void sim_world_push(struct sim_world *world, int64_t after_us, struct sim_event event);
/* Notes the first violation; the run ends after the present event. */
void sim_world_violate(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_world_trace(struct sim_world *world, const struct sim_member *member, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int64_t sim_draw(struct sim_world *world, int64_t low, int64_t high); /* both included */
bool sim_chance_ppm(struct sim_world *world, int64_t ppm);

/* clock.c: the member's BOOTTIME now, the true time at which it will be `local` (not before now), a new rate. */
struct vrrp_time sim_clock_now(const struct sim_world *world, const struct sim_member *member);
int64_t sim_clock_true_us(const struct sim_world *world, const struct sim_member *member, struct vrrp_time local);
void sim_clock_set_rate(struct sim_world *world, struct sim_member *member);
void sim_clock_boot(struct sim_world *world, struct sim_member *member, int64_t local_us);
/* Its daemon is told first that the rate goes beyond half of max_drift; when it has taken that in, it does. */
void sim_clock_slew(struct sim_world *world, struct sim_member *member);
void sim_clock_slew_begins(struct sim_world *world, struct sim_member *member);
void sim_clock_slew_ends(struct sim_world *world, struct sim_member *member);

/* kernel.c: what a member's kernel does with the gate and the address. */
bool sim_kernel_gate_open(const struct sim_world *world, const struct sim_member *member);
void sim_kernel_gate_write(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action);
void sim_kernel_bind(struct sim_world *world, struct sim_member *member, uint32_t lifetime_s);
void sim_kernel_clear(struct sim_member *member);

/* net.c: packets between members, and their memory. */
struct sim_packet *sim_packet_new(struct sim_world *world);
void sim_packet_put(struct sim_world *world, struct sim_packet *packet);
void sim_net_send(struct sim_world *world, const struct sim_member *from, struct sim_packet *packet);
void sim_net_deliver(struct sim_world *world, const struct sim_event *event);
bool sim_net_reaches(const struct sim_world *world, unsigned from, unsigned to);
/* The same for PostgreSQL's connections, which need both directions. */
bool sim_net_reaches_pg(const struct sim_world *world, unsigned a, unsigned b);
/* Cuts the directed links of `cut` for `what`; they are mended after `length_us`; 0 = with sim_net_mend_all(). */
void sim_net_cut(struct sim_world *world, bool cut[SIM_MEMBERS_MAX][SIM_MEMBERS_MAX], unsigned what, int64_t length_us);
void sim_net_mend(struct sim_world *world, unsigned number);
void sim_net_mend_all(struct sim_world *world);

/* member.c: a daemon's life. */
void sim_member_start(struct sim_world *world, struct sim_member *member);
void sim_member_kill(struct sim_world *world, struct sim_member *member);
void sim_member_run(struct sim_world *world, struct sim_member *member);
void sim_member_freeze(struct sim_world *world, struct sim_member *member, int64_t length_us);
void sim_member_thaw(struct sim_world *world, struct sim_member *member);
void sim_member_power_off(struct sim_world *world, struct sim_member *member);
void sim_member_boot(struct sim_world *world, struct sim_member *member);
void sim_member_token(struct sim_world *world, struct sim_member *member, const struct sim_event *event);
void sim_member_stored(struct sim_world *world, struct sim_member *member, const struct sim_event *event);
/* Queues an event for the daemon, and runs it if it is idle. The packet's reference goes over. */
void sim_member_post(struct sim_world *world, struct sim_member *member, const struct sim_inbox_entry *entry);
/* Schedules the wake-up for the core's deadline. */
void sim_member_wake(struct sim_world *world, struct sim_member *member);

/* inbox.c */
void sim_inbox_clear(struct sim_world *world, struct sim_member *member);
bool sim_inbox_push(struct sim_world *world, struct sim_member *member, const struct sim_inbox_entry *entry);
bool sim_inbox_pop(struct sim_member *member, struct sim_inbox_entry *ret_entry);

/* act.c: carries out one action of the core. */
void sim_act(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action);

/* codec.c: the report through vrrp_report_encode() and _decode() with a stub signature; must come out the same. */
extern const struct vrrp_auth sim_codec_auth;
void sim_codec_pass(struct sim_world *world, struct vrrp_report *report);

/* faults.c */
void sim_fault_next(struct sim_world *world); /* carries one out and schedules the next */
void sim_fault_schedule(struct sim_world *world);
void sim_fault_cut_server(struct sim_world *world);
void sim_fault_heal(struct sim_world *world, const struct sim_event *event);
void sim_fault_heal_all(struct sim_world *world);
int64_t sim_fault_length_us(struct sim_world *world);                                 /* drawn */
void sim_fault_track_start(struct sim_world *world, const struct sim_member *member); /* the daemon's first look */

/* operator.c: who pauses, restarts, switches over, changes priorities and the member list. */
void sim_operator_pause(struct sim_world *world, struct sim_member *member, bool pause);
bool sim_operator_resume(struct sim_world *world); /* whether anybody was paused */
void sim_operator_act(struct sim_world *world, struct sim_member *member, enum sim_fault fault);
void sim_operator_roll_out(struct sim_world *world);
void sim_operator_finish(struct sim_world *world); /* all is healed: the newest list is everywhere */
bool sim_operator_is_at_rest(const struct sim_world *world);

/* Invariants. Each hook looks and calls sim_world_violate(). */
void sim_inv_one_gate(struct sim_world *world, const struct sim_member *writer);   /* I1: after each gate write */
void sim_inv_one_lease(struct sim_world *world, const struct sim_member *stepped); /* I1's cause: after each step */
void sim_inv_acts(struct sim_world *world, const struct sim_member *stepped);      /* I2: the step's actions */
/* I5: the step lets clients through; the gate was written. */
void sim_inv_serving_ordered(struct sim_world *world, const struct sim_member *member, const char *what);
void sim_inv_serving_written(struct sim_world *world, const struct sim_member *member);
/* Whether a fitting role was held at any moment of the last step: it may begin to serve and let go again. */
bool sim_inv_serving_had_role(const struct sim_member *member, bool (*fits)(enum vrrp_role role));
/* The lease of the last step: one that it released counts at the step's beginning, one that it got at its end. */
struct vrrp_time sim_inv_serving_lease(const struct sim_member *member);
/* I7: names the seed when the process is about to end; a packet changed under way is dropped. */
void sim_inv_input_begin(uint64_t seed);
void sim_inv_input_spoiled(struct sim_world *world, const struct vrrp_report *report);
/* I3: `member` acknowledges commits up to `point`; `member` begins to serve; its file is lost. */
void sim_inv_commits_acked(struct sim_world *world, const struct sim_member *member, struct sim_point point);
void sim_inv_commits_served(struct sim_world *world, const struct sim_member *member);
void sim_inv_commits_forgive(struct sim_world *world, const struct sim_member *member);
/* I6: a WAL receiver of `member` has begun to stream from `from`, whose line its own is not a prefix of; a mixed
 * directory is promoted or started half rewound. */
void sim_inv_attach_mixed(struct sim_world *world, const struct sim_member *member, const struct sim_member *from);
void sim_inv_attach_used(struct sim_world *world, const struct sim_member *member, const char *how);
void sim_inv_live_begin(struct sim_world *world);                                   /* I4: all is healed */
void sim_inv_live_served(struct sim_world *world, const struct sim_member *member); /* I4: somebody became MASTER */
void sim_inv_live_due(struct sim_world *world);
void sim_inv_live_end(struct sim_world *world);

#endif

/*
 * The exhaustive test: every role x guard x event, one vrrp_core_step() each, and short sequences of events from the
 * start. It looks at one member alone; what several do together is the simulator's (tests/sim).
 *
 * A scene (scene.c) is a core put directly into a role with the guards of protocol.md section 4: a holder is heard, my
 * grant runs, the lease runs or has just ended, PostgreSQL is primary, standby or down, silence, pause, a stop, and one
 * thing more that may be under way. A stimulus (stimuli.c) is an event. ex_check_step() (check.c, with core_monitor.h)
 * judges what the step ordered: local I1 and I2, the order of effects, the voter's promises, the role table. walk.c
 * lets the core go from START by itself, and from states that it has come to by events.
 *
 * Three members: 0 is the one tested, 1 has data too, 2 is a witness.
 */
#ifndef EX_H
#define EX_H

#include "tests/unit/core_monitor.h"

#define EX_MEMBERS 3
#define EX_ADVERT_US INT64_C(250000)
#define EX_LEASE_US (4 * EX_ADVERT_US)
#define EX_DRIFT_PPM 100000U
#define EX_POSITION UINT64_C(0x5000000)
#define EX_TEXT_MAX 400

enum ex_lease { EX_LEASE_NONE = 0, EX_LEASE_RUNS, EX_LEASE_JUST_ENDED, EX_LEASES };
enum ex_grant { EX_GRANT_NONE = 0, EX_GRANT_SELF, EX_GRANT_OTHER, EX_GRANTS };
enum ex_pg { EX_PG_STANDBY = 0, EX_PG_PRIMARY, EX_PG_GONE, EX_PG_SILENT, EX_PG_STARTING, EX_PGS };

/* One thing more; EX_EXTRA_NONE with all guards, each other one with most. */
enum ex_extra {
	EX_EXTRA_NONE = 0,
	EX_EXTRA_FOLLOWING,     /* FOLLOW is under way */
	EX_EXTRA_STARTING,      /* START_STANDBY */
	EX_EXTRA_REWINDING,     /* REWIND, `diverged` and `rewinding` stored */
	EX_EXTRA_STOPPING,      /* STOP_IMMEDIATE after a lost lease, not yet released */
	EX_EXTRA_SUPERSEDED,    /* a stop is due */
	EX_EXTRA_WAS_PROMOTING, /* `promoting` is stored */
	EX_EXTRA_DIVERGED,
	EX_EXTRA_STREAMING,      /* from member 2, under an older epoch */
	EX_EXTRA_PRIMARY_HEARD,  /* member 2 is a healthy running primary without a lease */
	EX_EXTRA_RECORD_PENDING, /* a used record is not yet gone from the disk */
	EX_EXTRA_LINK_DOWN,
	EX_EXTRA_HELD, /* fault_hold */
	EX_EXTRA_DISK_FAILED,
	EX_EXTRA_VOUCHED,      /* for a ballot above every holder's */
	EX_EXTRA_RESTARTING,   /* asks for restart_grace; the grants are in hand, but the own record is not durable */
	EX_EXTRA_TOKEN_OUT,    /* the token is being written */
	EX_EXTRA_TOKEN_STANDS, /* a token of a lease that was let go is not removed yet, the release waits for it */
	EX_EXTRA_LONG_PENDING, /* a long renewal waits for its record */
	EX_EXTRA_RESUMED,      /* the lease is the one that the process before left; PostgreSQL is not looked at yet */
	EX_EXTRA_QUORUM,       /* nothing more under way; durability quorum, three data members, k = 1 */
	EX_EXTRA_QUORUM_STREAMING, /* the same, and streaming from member 2 */
	EX_EXTRAS
};

struct ex_scene {
	enum ex_extra extra;
	enum vrrp_role role;
	enum vrrp_hold_phase phase;
	enum ex_lease lease;
	enum ex_grant grant;
	enum ex_pg pg;
	bool witness;
	bool holder_heard;
	bool majority_heard;
	bool eligible;
	bool paused;
	bool silent;
	bool stopping;
	bool quorum_none;
};

/* scene.c. False if the combination cannot be (a MASTER that never had a lease). */
bool ex_scene_build(const struct ex_scene *scene, struct vrrp_core *ret_core);
void ex_scene_print(const struct ex_scene *scene, char *text, size_t size);
const char *ex_extra_word(enum ex_extra extra);
/* extra.c: adds it to a scene. False if it cannot be in this role. */
bool ex_extra_add(const struct ex_scene *scene, struct vrrp_core *core);
void ex_hear(struct vrrp_core *core, unsigned member, enum vrrp_role role);
void ex_config(struct vrrp_core_config *ret_config, bool witness, bool quorum_none);
/* Of any of those: durability quorum, member 3 with data. */
void ex_config_durable(struct vrrp_core_config *config);
/* PostgreSQL as a probe would show it. */
struct vrrp_pg ex_pg(enum ex_pg state);
struct vrrp_history ex_history(void);
/* A fresh report of `member` in this role, as if built now. */
struct vrrp_report ex_report(const struct vrrp_core *core, unsigned member, enum vrrp_role role);

/* stimuli.c: number `index` as an event at core->now + after_us. False if index is beyond the last. */
#define EX_STIMULI_MAX 220
bool ex_stimulus(const struct vrrp_core *core, unsigned index, struct vrrp_event *ret_event,
	struct vrrp_report *ret_report, const char **ret_name);

/* The same event said by member 2 in this role; EX_SAY_... of stimuli.c in words: "nothing", "grant". */
unsigned ex_stimulus_report(enum vrrp_role role, bool grant);
unsigned ex_stimulus_streams(void); /* member 2 streams from me */
unsigned ex_stimulus_local(const char *name);
/* Reports are most of the stimuli: whether this is one. */
bool ex_stimulus_is_report(unsigned index);

/* check.c. Steps the core; returns NULL, or what is wrong. Counts the rows of the role table that were seen. */
const char *ex_check_step(struct core_monitor *monitor, struct vrrp_core *core, const struct vrrp_event *event,
	struct vrrp_update *update);
unsigned ex_rows_seen(void);
void ex_rows_print(void);
unsigned ex_actions_max(void);

/* walk.c. Each returns the number of steps taken; *ret_wrong is NULL or what is wrong. */
unsigned long ex_walk_short(unsigned depth, const char **ret_wrong);
unsigned long ex_walk_from(unsigned path, unsigned depth, enum vrrp_role *ret_role, const char **ret_wrong);
#define EX_PATHS 15
unsigned long ex_walk_long(unsigned walks, unsigned length, const char **ret_wrong);

/* main.c: what is being done now; printed when something is wrong or an assert of the core fires. */
extern char ex_now[EX_TEXT_MAX];

#endif

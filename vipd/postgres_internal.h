/*
 * Inside of postgres.h: shared by postgres.c (start, probing, run), postgres_order.c (orders), postgres_state.c (what
 * was seen), postgres_health.c (whether it can work), postgres_sync.c (durability = quorum).
 */
#ifndef VIPD_POSTGRES_INTERNAL_H
#define VIPD_POSTGRES_INTERNAL_H

#include "checks/pg_disk.h"
#include "checks/pg_flush.h"
#include "checks/pg_follow.h"
#include "checks/pg_knock.h"
#include "checks/pg_probe.h"
#include "checks/pg_rejoin.h"
#include "checks/pg_sync.h"
#include "checks/pg_task.h"
#include "vipd/postgres.h"

#define POSTGRES_FAST_MS 10 /* interval while something is expected */
#define POSTGRES_FAST_US (3 * VRRP_US_PER_S)
#define POSTGRES_LOOSE_MS 100          /* a standby that does not stream: what will it be? */
#define POSTGRES_TASK_MS 5000          /* ALTER SYSTEM and reload */
#define POSTGRES_SYNC_MS 5000          /* SYNC_NAMES, DROP_SENDERS */
#define POSTGRES_CHECKPOINT_MS 3600000 /* in the background, as long as it takes */
/* CHECKPOINT after a promotion begins so much later: the first commits of clients that wait need the disk now, and a
 * rewind from here is refused until it has ended (pg_rejoin.h). */
#define POSTGRES_CHECKPOINT_PAUSE_US (100 * VRRP_US_PER_MS)
#define POSTGRES_STOP_IMMEDIATE_MS 10000
#define POSTGRES_START_MS 60000
#define POSTGRES_INSPECT_MS 10000
#define POSTGRES_INSPECT_AGAIN_US VRRP_US_PER_S
#define POSTGRES_SLOT_MISSES_MAX 3
#define POSTGRES_EVENTS_MAX 32 /* events of one source handled in a turn of the loop */

/* Steps of an order that takes several. */
enum postgres_step {
	POSTGRES_STEP_NONE,
	POSTGRES_STEP_STOP,
	POSTGRES_STEP_LOOK, /* after a fast stop: was it clean? */
	POSTGRES_STEP_COPY,
	POSTGRES_STEP_START,
	POSTGRES_STEP_SEAL
};

/* What stands on the disk of one that is gone, once it was looked at. */
struct postgres_down {
	bool known;
	bool sealed; /* by us, since it is gone */
	bool no_upstream;
	vrrp_lsn end; /* of a clean shutdown of a primary; 0 = it was none */
	uint32_t timeline;
	uint64_t system_identifier;
};

/* The other members' replication slots here (checks/pg_slot.h), and the use of the own one elsewhere. */
struct postgres_slots {
	struct pg_task *task;
	bool looked; /* a role was seen */
	bool in_recovery;
	bool running;
	bool creating; /* what runs; otherwise it drops */
	bool told;     /* that it does not work */
	struct vrrp_time next;
	bool fixing;     /* what runs gives this standby its slot */
	bool served;     /* another member is MASTER: it has made the slots */
	unsigned misses; /* FOLLOWs since this standby last streamed */
};

/* Can PostgreSQL work, though it answers? */
struct postgres_health {
	struct pg_knock knock;
	struct pg_flush flush;
	struct pg_disk disk;
	bool open;
	bool serves;
	uint32_t faults; /* as the core knows them */
	enum check_state told[POSTGRES_CHECKS];
	bool noted[POSTGRES_CHECKS];
};

struct postgres {
	struct postgres_callbacks callbacks;
	const struct config_instance *instance;
	size_t self;
	struct config_local local;
	struct pg_sync_members members; /* data members, by index; a witness's name is "" */
	int epoll_fd;
	struct pg_probe *probe;
	struct pg_task *task;       /* FOLLOW, DETACH */
	struct pg_task *background; /* CHECKPOINT */
	struct pg_sync *sync;       /* SYNC_NAMES, DROP_SENDERS */
	struct pg_rejoin *rejoin;   /* stop, start, rewind, clone, seal */
	struct pg_rejoin *inspector;
	bool inspecting;
	bool inspect_for_history; /* the core waits for it */
	struct vrrp_time inspect_again;
	bool checkpointing;
	uint64_t checkpoint_ticket;     /* somebody waits for its end; 0 = nobody */
	struct vrrp_time checkpoint_at; /* VRRP_TIME_NEVER: none is due */

	/* the order under way */
	enum vrrp_pg_op op;
	enum postgres_step step;
	uint64_t ticket;
	unsigned member;
	uint32_t member_timeline;
	uint16_t sync_set;
	uint8_t sync_k;
	struct vrrp_time order_latest;
	struct vrrp_time order_deadline;
	bool cancelling; /* the rejoin operation before this order has not ended yet */

	/* what is known */
	struct vrrp_pg seen;
	bool ever_seen;
	bool down_reported;
	bool locked_out;  /* it runs, and our connections are refused */
	bool lock_judged; /* … from the start on, and the data directory did not say that it is a primary */
	bool gone;
	struct postgres_down down;
	struct postgres_slots slots;
	struct postgres_health health;
	uint32_t timeline; /* exact, of the postmaster started at timeline_start_us */
	int64_t timeline_start_us;
	struct vrrp_time fast_until;
	int64_t interval_ms;
	char sentence[VIP_ERR_TEXT_MAX];
	struct pg_script script; /* of postgres_script */
};

/* postgres_order.c */
/* An empty script for the next pg_task_start, which copies it; one for all, being 64 KiB. */
struct pg_script *postgres_script(struct postgres *postgres);
void postgres_order_run(struct postgres *postgres, struct vrrp_time now);
void postgres_order_end(struct postgres *postgres, bool ok, bool untouched, const struct vrrp_pg *pg);
void postgres_order_fail(struct postgres *postgres, int code, const char *sentence);
void postgres_say(struct postgres *postgres, enum vrrp_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* postgres_sync.c */
void postgres_members(const struct config_instance *instance, struct pg_sync_members *ret_members);
bool postgres_is_quorum(const struct postgres *postgres);
/* Begins SYNC_NAMES, DROP_SENDERS or SEAL. 0 or negative errno. */
int postgres_sync_begin(struct postgres *postgres, struct vrrp_time now, struct vip_err *err);
/* Takes the end of SYNC_NAMES or DROP_SENDERS. */
void postgres_sync_run(struct postgres *postgres, struct vrrp_time now);
void postgres_sync_cancel(struct postgres *postgres);
/* What the disk of one that is gone says, and what the core is told of that. */
void postgres_down_note(struct postgres *postgres, const struct pg_datadir_report *report, bool sealed);
void postgres_down_seen(const struct postgres *postgres, struct vrrp_pg *pg);
/* What a look says of a primary's standbys, and of what a voucher needs (protocol.md section 7). */
void postgres_sync_seen(const struct pg_state *state, struct vrrp_pg *pg);

/* postgres_slots.c */
void postgres_slots_seen(struct postgres *postgres, const struct pg_state *state, struct vrrp_time now);
void postgres_slots_run(struct postgres *postgres, struct vrrp_time now);
struct vrrp_time postgres_slots_deadline(const struct postgres *postgres);
/*
 * Stream through the own slot now? With durability = async, a standby that several times did not get to stream tries
 * every second time without: the slot may not exist there (max_replication_slots), or a dead connection still hold it.
 */
bool postgres_slot_is_wanted(const struct postgres *postgres);

/* postgres_health.c */
int postgres_health_open(
	struct postgres *postgres, const struct pg_rejoin_config *rejoin, struct vrrp_time now, struct vip_err *err);
void postgres_health_close(struct postgres *postgres);
struct vrrp_time postgres_health_deadline(const struct postgres *postgres);
void postgres_health_run(struct postgres *postgres, struct vrrp_time now);

/* postgres_state.c */
void postgres_on_state(struct postgres *postgres, struct vrrp_time now);
/* False: not to be told yet, the data directory is asked first. */
bool postgres_on_down(struct postgres *postgres, struct vrrp_time now);
void postgres_on_inspected(struct postgres *postgres, bool ok, struct vrrp_time now);
bool postgres_must_inspect(const struct postgres *postgres);
void postgres_inspect(struct postgres *postgres, uint32_t timeline, struct vrrp_time now);

#endif

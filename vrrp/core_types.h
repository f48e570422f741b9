/*
 * The core's value types: configuration, durable state, events, actions, and the core itself. See core.h for how
 * they are used. Members are named by their index in the configured list here, and by id on the wire.
 */
#ifndef VRRP_CORE_TYPES_H
#define VRRP_CORE_TYPES_H

#include "vrrp/history.h"
#include "vrrp/lease.h"
#include "vrrp/peer.h"
#include "vrrp/pg.h"
#include "vrrp/prng.h"
#include "vrrp/role.h"
#include "vrrp/switch.h"
#include "vrrp/track.h"

#define VRRP_MEMBER_NONE 0xffU /* no index */
#define VRRP_ACTIONS_MAX 24    /* more than one step can order (asserted) */

enum vrrp_quorum { VRRP_QUORUM_MAJORITY = 0, VRRP_QUORUM_NONE };
enum vrrp_durability { VRRP_DURABILITY_ASYNC = 0, VRRP_DURABILITY_QUORUM, VRRP_DURABILITY_ADAPTIVE };

struct vrrp_member_config {
	uint8_t id;       /* 1..255 */
	uint8_t priority; /* 1..254 */
	bool witness;
	bool nofailover;
	bool vote_data;
	uint32_t hash; /* of name and address: which machine it is; 0 = unknown */
};

struct vrrp_core_config {
	struct vrrp_member_config member[VRRP_MEMBERS_MAX];
	uint8_t member_count;
	uint8_t self; /* index */
	uint8_t vrid;
	uint8_t digest[VRRP_DIGEST_BYTES];
	uint32_t key_hash[VRRP_REPORT_KEYS]; /* of the digest's keys but for the member list; 0 = no such key */
	enum vrrp_quorum quorum;
	enum vrrp_durability durability;
	uint8_t sync_standbys; /* k */
	bool scripts;          /* something without a weight is tracked that must be looked at first */
	bool fence;            /* a fence_command must have ended with 0 between lease and epoch */
	bool manage_full;      /* false: never start, rewind or clone */
	uint16_t port;         /* PostgreSQL's */
	uint32_t max_drift_ppm;
	int64_t advert_int_us;
	int64_t lease_us;
	int64_t restart_grace_us;
	int64_t boot_wait_us;
	int64_t promote_timeout_us;
	int64_t switchover_timeout_us; /* of PostgreSQL's stop, and of the checkpoint before it */
	int64_t fault_hold_us;
	int64_t garp_repeat_delay_us;
	int64_t garp_refresh_us;
	uint32_t garp_repeat;
	uint64_t election_lag_bytes;
	uint64_t max_lag_bytes;
};

/* The newest history that a MASTER has reported (max_lag, status). */
struct vrrp_master_seen {
	struct vrrp_position at; /* position.position 0 = nothing ever heard */
};

/*
 * What must survive the daemon (the state file). The core owns it and orders VRRP_ACT_STORE when it changed; whoever
 * must wait for it to be durable waits for VRRP_EVENT_STORED with that ticket.
 */
struct vrrp_stored {
	uint64_t system_identifier;   /* 0 = none yet */
	uint64_t ballot_counter;      /* highest seen */
	struct vrrp_ballot epoch;     /* section 6; none = 0 */
	struct vrrp_ballot vouched;   /* highest vouched for (durability quorum) */
	struct vrrp_ballot promoting; /* none = no promotion is under way */
	struct vrrp_ballot serving;   /* ballot of the last gate opened */
	bool serving_this_boot;       /* `serving` was written under the present boot id */
	bool diverged;
	bool rewinding; /* a rewind was begun and has not ended well: the directory is only ever replaced */
	struct vrrp_history history; /* own, with fingerprints */
	struct vrrp_master_seen master_seen;
	int64_t last_lease_us; /* lease this daemon last ran with; 0 = never ran */
	/* a grant longer than `lease` (or the running one at a clean stop), B6 */
	struct vrrp_grant long_grant;
	int64_t long_grant_us; /* its D */
	bool long_grant_this_boot;
	bool long_grant_clean; /* written by a clean stop: taken over without silence */
	bool paused;
	uint32_t pause_counter;
	struct vrrp_member_list members; /* the list in force (section 4.5); count 0 = none yet */
};

enum vrrp_event_kind {
	VRRP_EVENT_START = 0,     /* first: what was stored */
	VRRP_EVENT_TIMER,         /* the deadline has come (or nothing in particular) */
	VRRP_EVENT_REPORT,        /* an authentic report of another member */
	VRRP_EVENT_PG,            /* a probe's result */
	VRRP_EVENT_PG_DEAD,       /* the postmaster is gone (pidfd) */
	VRRP_EVENT_HISTORY,       /* the own history was read (answer to VRRP_ACT_READ_HISTORY) */
	VRRP_EVENT_STORED,        /* VRRP_ACT_STORE `ticket` is durable, or failed */
	VRRP_EVENT_FENCED,        /* VRRP_ACT_FENCE `ticket` has ended; ok = with 0 */
	VRRP_EVENT_PG_DONE,       /* VRRP_ACT_PG `ticket` has ended */
	VRRP_EVENT_LINK,          /* carrier of the instance's and the tracked interfaces: all up, or not */
	VRRP_EVENT_TRACK,         /* `track`: what is tracked has changed */
	VRRP_EVENT_CLAIM,         /* evidence of a second claimant of an address */
	VRRP_EVENT_ADDRESS_LOST,  /* somebody deleted a floating address or the interface came back */
	VRRP_EVENT_KERNEL_FAILED, /* gate or address could not be set */
	VRRP_EVENT_STOP,          /* clean stop asked for */
	VRRP_EVENT_RESTART,       /* restart with handover = keep asked for (section 4.3) */
	VRRP_EVENT_TOKEN,         /* VRRP_ACT_TOKEN `ticket` is durable, or failed */
	VRRP_EVENT_PAUSE,         /* an operator asks for a pause (ok), or for its end (section 4.4) */
	VRRP_EVENT_CLOCK,         /* the rate of this host's clock was looked at: clock_excess_ppm (section 9) */
	VRRP_EVENT_SWITCHOVER, /* an operator asks for it; `member`: the target's index, VRRP_MEMBER_NONE: the best */
	VRRP_EVENT_ACCEPT_MEMBERS, /* an operator says that nobody runs with the list in force any more (section 4.5) */
	VRRP_EVENT_HEALTH, /* what the checks beside the probe find now: `faults`; none of it proves PostgreSQL dead */
	VRRP_EVENT_FAILOVER, /* an operator wants this member elected; ok: data may be lost (section 7) */
	VRRP_EVENT_COUNT
};

/*
 * What a holder that restarts leaves for the next process (section 4.3; B5): in a file of its own, written once, gone
 * before it is used. ballot none: there is no token; as an order: the file is removed.
 */
struct vrrp_token {
	struct vrrp_ballot ballot;         /* with the incarnation that made it */
	struct vrrp_time lease_end;        /* CLOCK_BOOTTIME of the boot it was written under */
	uint8_t digest[VRRP_DIGEST_BYTES]; /* of the configuration it was held under */
	bool this_boot;                    /* read: it was written under the present boot id */
};

struct vrrp_event {
	enum vrrp_event_kind kind;
	struct vrrp_time now;
	uint64_t ticket;           /* STORED, PG_DONE, FENCED, TOKEN */
	bool untouched;            /* PG_DONE, not ok: REWIND had not begun to change the directory */
	bool ok;                   /* STORED, PG_DONE, FENCED, TOKEN, LINK (up), PAUSE (pause, or resume) */
	bool readable;             /* START: a state file was there and good, or this is the first start ever */
	uint8_t member;            /* REPORT: index of the sender; SWITCHOVER: of the target */
	struct vrrp_stored stored; /* START */
	struct vrrp_token token;   /* START: what the process before left; its file is gone already */
	uint32_t faults;           /* HEALTH: set of VRRP_HEALTH_FAULTS */
	struct vrrp_track track;   /* TRACK */
	uint32_t clock_excess_ppm; /* CLOCK, START: how far the rate is beyond half of max_drift; 0 = it is not */
	/* PG; PROMOTE's PG_DONE too (state after it), STOP_FAST's too: position_known: it was shut down cleanly, and
	 * position is the end of the checkpoint that it then made */
	struct vrrp_pg pg;
	struct vrrp_history history;      /* HISTORY; count 0 = could not be read */
	const struct vrrp_report *report; /* REPORT: valid during the step only */
};

enum vrrp_action_kind {
	VRRP_ACT_LOG = 0, /* `text`, level */
	VRRP_ACT_SEND,    /* build and send the report `seq` to every other member */
	VRRP_ACT_STORE,   /* make core->stored durable; answers VRRP_EVENT_STORED(ticket) */
	VRRP_ACT_GATE,    /* write gate ends: in_end, out_end (absolute; VRRP_TIME_NONE = closed) */
	VRRP_ACT_BIND,    /* add or refresh the addresses with lifetime_s */
	VRRP_ACT_UNBIND,
	VRRP_ACT_DESTROY,      /* TCP connections on the addresses */
	VRRP_ACT_ANNOUNCE,     /* gratuitous ARP, unsolicited NA */
	VRRP_ACT_ADVERT,       /* RFC 9568 advertisement, `priority` (0 = gives up) */
	VRRP_ACT_PROBE,        /* look at PostgreSQL now; answers VRRP_EVENT_PG */
	VRRP_ACT_PG,           /* `op` on PostgreSQL, `member`; answers VRRP_EVENT_PG_DONE(ticket) */
	VRRP_ACT_FENCE,        /* run fence_command; answers VRRP_EVENT_FENCED(ticket) */
	VRRP_ACT_READ_HISTORY, /* answers VRRP_EVENT_HISTORY */
	VRRP_ACT_ROLE,         /* the role changed: row of the table (log, notify) */
	VRRP_ACT_EXIT,         /* clean stop is complete; `restart`: start me again (exit code 75), at once */
	VRRP_ACT_TOKEN, /* make core->token durable, or its file gone if its ballot is none; answers TOKEN(ticket) */
	VRRP_ACT_COUNT
};

enum vrrp_log_level {
	VRRP_LOG_ERR = 3,
	VRRP_LOG_WARNING = 4,
	VRRP_LOG_NOTICE = 5,
	VRRP_LOG_INFO = 6,
	VRRP_LOG_DEBUG = 7
};

#define VRRP_ACTION_TEXT_MAX 160

struct vrrp_action {
	enum vrrp_action_kind kind;
	enum vrrp_pg_op op;
	enum vrrp_log_level level;
	uint8_t member; /* index */
	uint8_t priority;
	bool restart;      /* EXIT */
	uint8_t sync_k;    /* PG: SYNC_NAMES, DROP_SENDERS */
	uint16_t sync_set; /* PG: the same; bit set of member indexes */
	uint32_t lifetime_s;
	uint64_t ticket;
	uint64_t seq;
	struct vrrp_time in_end;
	struct vrrp_time out_end;
	const struct vrrp_role_row *row;
	char text[VRRP_ACTION_TEXT_MAX];
};

struct vrrp_update {
	unsigned count;
	struct vrrp_time deadline; /* next VRRP_EVENT_TIMER at the latest */
	struct vrrp_action action[VRRP_ACTIONS_MAX];
};

/* A renewal for longer than `lease` that is answered once its record is durable (B6). */
struct vrrp_long_ask {
	uint64_t ticket; /* of the store; 0 = none waits */
	uint64_t incarnation;
	uint64_t seq;
};

/* How far a holder is on its way (role PROMOTING). */
enum vrrp_hold_phase {
	VRRP_HOLD_NONE = 0,
	VRRP_HOLD_FENCING,   /* fence_command runs */
	VRRP_HOLD_VOUCHING,  /* durability quorum: vouchers are collected, or missing WAL is fetched */
	VRRP_HOLD_STORING,   /* epoch and `promoting` on their way to the disk */
	VRRP_HOLD_NAMING,    /* durability quorum: a standby's sync names, before it is promoted */
	VRRP_HOLD_PROMOTING, /* the promote command is out */
	VRRP_HOLD_SYNCING,   /* durability quorum: a primary's sync names, before its gate opens */
	VRRP_HOLD_STOPPING,  /* LEAVING, or promotion failed: PostgreSQL is being stopped */
	VRRP_HOLD_SWITCHING, /* LEAVING or PROMOTING in a switchover: struct vrrp_switch says how far it is */
};

/* Why a member neither votes nor stands after its list changed (section 4.5). */
enum vrrp_jump {
	VRRP_JUMP_NONE = 0,
	VRRP_JUMP_WAIT, /* one member's difference: until a majority of the list in force reports the new digest */
	VRRP_JUMP_FAR,  /* more than one: until accept-members */
	VRRP_JUMP_COUNT
};

/* Why accept-members is refused. */
enum vrrp_accept_refusal {
	VRRP_ACCEPT_OK = 0,
	VRRP_ACCEPT_NOTHING, /* the configured list is in force */
	VRRP_ACCEPT_HOLDER,  /* a holder is heard */
	VRRP_ACCEPT_BOUND,   /* this member's vote is still bound by a running grant */
	VRRP_ACCEPT_COUNT
};

struct vrrp_core {
	struct vrrp_core_config config;
	struct vrrp_stored stored;
	struct vrrp_prng prng;
	struct vrrp_time now;      /* time of the last event */
	struct vrrp_time deadline; /* promised in the last update */
	uint64_t incarnation;
	enum vrrp_role role;
	bool started;

	/* reports */
	struct vrrp_peer peer[VRRP_MEMBERS_MAX]; /* [self] unused */
	struct vrrp_sent_ring sent;
	struct vrrp_time next_report;
	bool send_now;
	uint64_t drops[VRRP_DROP_COUNT];

	/* voter */
	struct vrrp_grant grant;
	struct vrrp_report_refusal refusal;
	struct vrrp_time refusal_until; /* shown in reports until then */
	struct vrrp_time silent_until;
	uint64_t record_ticket; /* nothing is granted before this store is durable: it removes a record that was used */
	bool record_kept;       /* what made the silence is still on disk */
	struct vrrp_time clock_d3; /* latest of: a holder was known; silence ended; boot_wait ended or all heard */
	bool all_heard;            /* every data member was heard since the start */
	struct vrrp_time boot_wait_until;
	bool heard_holder;

	/* candidate and holder */
	struct vrrp_ballot ballot;  /* I ask or hold under; none = counter 0 */
	struct vrrp_ballot release; /* my latest */
	struct vrrp_ballot lost;    /* its lease ended by the clock; released once PostgreSQL is stopped */
	uint64_t counter_seen;      /* highest counter of any ballot heard or stored */
	struct vrrp_time worth[VRRP_MEMBERS_MAX]; /* grants to my ballot, [self] my own vote */
	struct vrrp_time lease_end;
	struct vrrp_time no_holder_since; /* VRRP_TIME_NONE while one is known */
	struct vrrp_time stand_not_before;
	struct vrrp_time round_end;
	int64_t rtt_max_us;
	uint64_t answered_seq[VRRP_MEMBERS_MAX]; /* latest ask of mine that this voter has answered */
	struct vrrp_time stop_deadline;
	struct vrrp_time ask_again_at; /* within the round: a refusal named that moment */
	uint32_t refused_min_ms;       /* of this round; 0 = nobody named a time */
	uint16_t bound_voters;         /* of this round: who refused because of a grant to another */
	enum vrrp_hold_phase phase;
	uint64_t wait_ticket; /* store or PG op that the phase waits for */
	struct vrrp_time promote_deadline;
	bool bound;
	struct vrrp_time gate_end; /* last written inward end */
	struct vrrp_time next_refresh;
	struct vrrp_time next_announce;
	uint32_t announce_left;
	struct vrrp_time claim_at; /* last announcement because of a second claimant */

	/* durability quorum: vouchers (core_vouch.c) */
	struct vrrp_report_voucher voucher; /* my latest answer to another's ask */
	uint64_t vouch_ticket;              /* store that makes stored.vouched durable */
	bool state_lost;                    /* started without a readable state file */
	bool vouch_pending;                 /* a PostgreSQL that is down is not started: its voucher is under way */
	uint8_t vouch_told;                 /* why there is no voucher for that ballot (enum vrrp_vouch), logged */
	struct vrrp_ballot vouch_told_ballot;
	bool attached;     /* an order of mine may have set primary_conninfo since the last DETACH */
	uint8_t looks_due; /* looks at PostgreSQL until one has surely begun after the last order's end */
	struct vrrp_ballot detach_ballot; /* DETACH or SEAL was last ordered for that ballot */
	struct vrrp_time detach_again_at;
	struct vrrp_time look_at;     /* next look at PostgreSQL while one is waited for */
	struct vrrp_time short_since; /* holder: fewer data members in sight than are needed */
	uint8_t fetch_from;           /* index of the member that has the missing WAL; VRRP_MEMBER_NONE */
	vrrp_lsn fetch_to;
	struct vrrp_time fetch_again_at;

	/* durability quorum: sync names (core_sync.c) */
	struct vrrp_ballot names_ballot; /* the names were last set under this ballot of mine */
	uint16_t sync_set;               /* set and k of the SYNC_NAMES or DROP_SENDERS under way */
	uint8_t sync_k;
	bool sync_drop;                   /* k or an empty list was changed, or is not known: all walsenders go [D7] */
	bool sync_proved;                 /* a commit of our own was seen to wait since this server is primary [D7] */
	bool sync_told;                   /* what keeps the gate shut was logged */
	struct vrrp_time sync_late_since; /* removed names, or intruders, that still count */
	struct vrrp_time sync_retry_at;   /* walsenders are terminated again */
	struct vrrp_time sync_failed_at;  /* an order about the names failed */

	/* PostgreSQL */
	struct vrrp_pg pg;
	struct vrrp_time pg_seen_at; /* time of the last VRRP_EVENT_PG */
	bool pg_seen;
	bool lagging; /* beyond max_lag of the newest MASTER position known when the own position was seen */
	bool link_up;
	uint32_t health;     /* of the last VRRP_EVENT_HEALTH */
	uint32_t stays_told; /* faults that a MASTER stays with, as logged; 0 = fit */
	struct vrrp_tracking track;
	bool superseded;             /* lost a lease or passed by another holder: stop, then standby */
	struct vrrp_time held_until; /* fault_hold */
	enum vrrp_pg_op op;
	uint8_t op_member;
	uint64_t op_ticket;
	uint64_t next_ticket;
	struct vrrp_time op_retry_at;
	int64_t op_backoff_us;
	struct vrrp_ballot op_ballot; /* of the holder that a rewind or clone makes this member a standby of */
	uint64_t epoch_ticket;        /* store that makes the latest epoch, or `diverged`, durable */
	bool rewind_armed;            /* `rewinding` was written for the rewind that is about to begin, or runs */
	uint8_t followed;             /* index pointed at by the last FOLLOW; VRRP_MEMBER_NONE */
	struct vrrp_ballot followed_ballot;
	struct vrrp_time followed_at; /* time of that FOLLOW, or of the last nudge */
	bool detached;                /* primary_conninfo was emptied by the last order about it */
	bool history_asked;
	struct vrrp_time history_retry_at;
	uint64_t store_ticket;  /* last ordered */
	uint64_t stored_ticket; /* last durable */
	bool store_due;
	bool store_failed;
	struct vrrp_time store_retry_at; /* after a failure */
	struct vrrp_time stalled_until;  /* own stall: no candidacy */
	uint64_t stalls;
	bool stopping;
	bool exit_due;
	uint64_t pause_ticket; /* store that makes the last pause, or its end, durable */
	bool exited;           /* by a restart that keeps the lease: nothing is done any more */

	/* restart with handover = keep (section 4.3), and what the process before left */
	bool restarting;   /* the holder asks for restart_grace */
	bool exit_restart; /* the end that is under way is a restart */
	unsigned restart_asks;
	struct vrrp_time restart_deadline; /* grants not in hand by then: a normal stop */
	struct vrrp_time restart_floor;    /* the lease must reach this: worth of the first long ask */
	struct vrrp_token token;           /* last ordered */
	uint64_t token_ticket;             /* 0 = no order is under way */
	bool token_out;                    /* the file stands there, or may */
	struct vrrp_time token_retry_at;   /* its removal failed */
	bool release_held;                 /* `lost` is released once no token of it can stand there */
	struct vrrp_time resumed_end;      /* end of the lease that the process before proved; none = not resumed */
	struct vrrp_long_ask long_ask;
	uint32_t clock_excess_ppm;
	uint32_t clock_eased_ppm; /* asks sent before clock_eased_at were counted by a clock that was so far beyond */
	struct vrrp_time clock_eased_at;

	/* switchover, and the members of the instance */
	struct vrrp_switch switchover;
	struct vrrp_switch_hint hint;
	struct vrrp_failover failover;
	enum vrrp_jump jump;
	struct vrrp_time differs_since[VRRP_MEMBERS_MAX]; /* another digest in its fresh reports; none = the same */
};

#endif

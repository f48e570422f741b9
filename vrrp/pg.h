/*
 * PostgreSQL as the core sees it: what a look at it says, what the checks beside the look may find (protocol.md section
 * 9), and what the core may order. Value types only; the looks and the orders are the caller's to carry out.
 */
#ifndef VRRP_PG_H
#define VRRP_PG_H

#include "vrrp/base.h"
#include "vrrp/report.h"

/*
 * What a primary says of its standbys (durability quorum, section 7). Sets are bit sets of member indexes. All zero on
 * a standby, and before the first answer.
 */
struct vrrp_pg_sync {
	bool known;         /* read on a primary, in this look */
	bool listed;        /* synchronous_standby_names is of the form that we write: ANY k (...) of member names */
	uint16_t named;     /* members in that list; 0 with `listed`: the name that matches nobody */
	uint8_t k;          /* its k */
	uint16_t counted;   /* members with a walsender of sync_priority > 0: may still release commits [D7] */
	uint16_t senders;   /* members with any walsender */
	uint16_t intruders; /* members whose name a walsender bears that does not use that member's slot */
	bool settings_ok;   /* fsync = on, synchronous_commit = on or remote_apply */
};

/* PostgreSQL as last seen by the probe. */
struct vrrp_pg {
	bool up;       /* answers queries */
	bool starting; /* refuses connections because it is starting or in crash recovery */
	bool gone;     /* no postmaster runs (certain); !up && !gone: not known */
	bool in_recovery;
	bool replay_paused;
	bool position_known;
	bool streaming;
	uint8_t upstream;  /* member index the WAL receiver is connected to; VRRP_MEMBER_NONE */
	bool receiver;     /* a WAL receiver process exists, streaming or not */
	uint32_t timeline; /* current; 0 = unknown */
	uint64_t system_identifier;
	vrrp_lsn position;
	vrrp_lsn replayed;
	uint32_t replay_lag_ms;
	uint32_t faults;  /* VRRP_FAULT_BITs found by this look (PG_HUNG) */
	bool fsync_on;    /* of the running server; a voucher needs it */
	bool no_upstream; /* primary_conninfo is empty in the running server, or, down, on disk */
	bool sealed; /* down: pg_control says `shut down`, standby.signal and an empty primary_conninfo are durable */
	struct vrrp_pg_sync sync;
};

/* Orders to PostgreSQL. One is under way at a time, but for CHECKPOINT; a STOP may be ordered during any other, PROMOTE
 * during DETACH and FOLLOW: the later order ends the earlier one. */
enum vrrp_pg_op {
	VRRP_PG_OP_NONE = 0,
	VRRP_PG_OP_PROMOTE,        /* done: out of recovery, proved by a poll */
	VRRP_PG_OP_STOP_IMMEDIATE, /* done: postmaster and children seen gone */
	VRRP_PG_OP_STOP_FAST,
	VRRP_PG_OP_START_STANDBY, /* as a standby without upstream; done: process started (probe tells the rest) */
	VRRP_PG_OP_DETACH,        /* empty primary_conninfo; done: reloaded (probe tells when the receiver is gone) */
	VRRP_PG_OP_FOLLOW,        /* primary_conninfo to `member`, retry at once; done: reloaded */
	VRRP_PG_OP_REWIND,        /* stop, pg_rewind from `member`, start as its standby */
	VRRP_PG_OP_CLONE,         /* stop, pg_basebackup from `member`, start as its standby */
	VRRP_PG_OP_CHECKPOINT,    /* in the background; answers PG_DONE if it has a ticket */
	/* durability quorum: synchronous_standby_names = ANY sync_k (sync_set; nobody if empty), sync_k 0: emptied;
	 * done: the server reads it so. In recovery too, before a promotion. */
	VRRP_PG_OP_SYNC_NAMES,
	/* Terminates the walsenders of all but `sync_set`; with sync_k > 0 a commit of our own is then seen to wait, or
	 * to be confirmed under the new list [D7]; done: so. */
	VRRP_PG_OP_DROP_SENDERS,
	/* A cleanly shut down primary: standby.signal and an empty primary_conninfo, fsynced; done: so (sealed). */
	VRRP_PG_OP_SEAL,
	VRRP_PG_OP_COUNT
};

/* What VRRP_EVENT_HEALTH may say (section 9): a primary that cannot work although it answers. */
#define VRRP_HEALTH_FAULTS                                                                                             \
	(VRRP_FAULT_BIT(VRRP_FAULT_NOT_ACCEPTING) | VRRP_FAULT_BIT(VRRP_FAULT_WAL_STUCK) |                             \
		VRRP_FAULT_BIT(VRRP_FAULT_DISK_STUCK) | VRRP_FAULT_BIT(VRRP_FAULT_DISK))

#endif

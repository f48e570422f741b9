/*
 * Types of what an operator orders: switchover (protocol.md section 8; 4.1) and failover (section 7): how far one is,
 * why one is refused. Part of the core's state (core_types.h), which alone changes them; the words are
 * vrrp_switch_phase_word() and the like.
 */
#ifndef VRRP_SWITCH_H
#define VRRP_SWITCH_H

#include "vrrp/report.h"

/* How far a switchover is (section 8), and how the last one ended. */
enum vrrp_switch_phase {
	VRRP_SWITCH_NONE = 0,      /* none was asked for since the start */
	VRRP_SWITCH_CHECKPOINT,    /* still serving: a checkpoint, so that the stop is short */
	VRRP_SWITCH_DROPPING,      /* serves nobody any more; the others' walsenders are being ended */
	VRRP_SWITCH_STOPPING,      /* fast stop */
	VRRP_SWITCH_REACHING,      /* stopped: until the target says that it has all of it */
	VRRP_SWITCH_STARTING,      /* the target was not reached: started again under the same lease */
	VRRP_SWITCH_RELEASED,      /* the lease is the target's to take */
	VRRP_SWITCH_DONE,          /* the target serves */
	VRRP_SWITCH_OTHER,         /* another member took over instead */
	VRRP_SWITCH_NOBODY,        /* released, and nobody has taken over within the time */
	VRRP_SWITCH_NOT_REACHED,   /* the target did not get all of it: serving here again */
	VRRP_SWITCH_NO_CHECKPOINT, /* the checkpoint failed or took too long: nothing was changed */
	VRRP_SWITCH_TARGET_LOST,   /* the target became unfit during the checkpoint: nothing was changed */
	VRRP_SWITCH_BROKEN,        /* the lease, PostgreSQL or the daemon's run ended meanwhile */
	VRRP_SWITCH_COUNT
};

struct vrrp_switch {
	enum vrrp_switch_phase phase;
	uint8_t target;           /* index */
	uint64_t ticket;          /* of the checkpoint */
	bool checkpointed;        /* done; sync names are on their way still */
	vrrp_lsn end;             /* of the shutdown checkpoint */
	struct vrrp_time begun;   /* asked for */
	struct vrrp_time closed;  /* the address was given up */
	struct vrrp_time stopped; /* PostgreSQL was stopped */
	struct vrrp_time ended;   /* released, or failed, or serving again */
	struct vrrp_time served;  /* the target was first heard as MASTER */
	struct vrrp_time deadline;
};

/* A switchover that another member has announced with its release: others are refused meanwhile (section 8). */
struct vrrp_switch_hint {
	uint8_t target;             /* index; VRRP_MEMBER_NONE = none */
	struct vrrp_ballot release; /* that named it */
	struct vrrp_time until;
};

/* Why a switchover is refused. */
enum vrrp_switch_refusal {
	VRRP_SWITCH_REFUSED_NONE = 0,
	VRRP_SWITCH_REFUSED_NOT_HOLDER, /* this member does not serve */
	VRRP_SWITCH_REFUSED_UNDER_WAY,
	VRRP_SWITCH_REFUSED_LEAVING, /* a stop or a restart was asked for */
	VRRP_SWITCH_REFUSED_PAUSED,
	VRRP_SWITCH_REFUSED_MANAGE,    /* manage = promote: PostgreSQL may not be started again */
	VRRP_SWITCH_REFUSED_NO_TARGET, /* nobody fits */
	VRRP_SWITCH_REFUSED_SELF,
	VRRP_SWITCH_REFUSED_WITNESS,
	VRRP_SWITCH_REFUSED_NOT_HEARD,
	VRRP_SWITCH_REFUSED_CONFIG,    /* another configuration, by more than one member */
	VRRP_SWITCH_REFUSED_SYSTEM_ID, /* another PostgreSQL cluster */
	VRRP_SWITCH_REFUSED_NOT_ELIGIBLE,
	VRRP_SWITCH_REFUSED_NOT_STREAMING, /* from here, under this ballot */
	VRRP_SWITCH_REFUSED_LAG,           /* more than max_lag behind */
	VRRP_SWITCH_REFUSED_NOT_SYNC,      /* durability quorum: commits do not wait for it, or not yet */
	VRRP_SWITCH_REFUSED_VOUCHERS,      /* durability quorum: fewer data members in sight than it needs */
	VRRP_SWITCH_REFUSED_COUNT
};

/* How long an operator's choice holds for the election: the others wait for the chosen one so long at most. */
#define VRRP_FAILOVER_LEASES 10

enum vrrp_failover_phase {
	VRRP_FAILOVER_NONE = 0, /* none was asked for since the start */
	VRRP_FAILOVER_ASKED,    /* this member goes first */
	VRRP_FAILOVER_DONE,     /* it serves */
	VRRP_FAILOVER_OTHER,    /* another member serves */
	VRRP_FAILOVER_NOBODY,   /* not elected in time, or not promoted */
	VRRP_FAILOVER_COUNT
};

struct vrrp_failover {
	enum vrrp_failover_phase phase;
	bool accept_loss;
	struct vrrp_time begun;
	struct vrrp_time until;
	struct vrrp_time ended;
};

/* Why a failover to this member is refused. */
enum vrrp_failover_refusal {
	VRRP_FAILOVER_REFUSED_NONE = 0,
	VRRP_FAILOVER_REFUSED_WITNESS,
	VRRP_FAILOVER_REFUSED_HOLDER, /* somebody holds the lease: a switchover */
	VRRP_FAILOVER_REFUSED_LEAVING,
	VRRP_FAILOVER_REFUSED_PAUSED,
	VRRP_FAILOVER_REFUSED_DURABILITY, /* accept_loss, and durability is not async */
	VRRP_FAILOVER_REFUSED_NOT_ELIGIBLE,
	VRRP_FAILOVER_REFUSED_MAJORITY, /* too few members are heard */
	VRRP_FAILOVER_REFUSED_LOSS,     /* data would be lost, and that is not accepted */
	VRRP_FAILOVER_REFUSED_COUNT
};

#endif

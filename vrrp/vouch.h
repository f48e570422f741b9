/*
 * Vouching (protocol.md section 7, durability quorum): may a data member say yes to this candidate, and if not, what
 * stands in the way? Pure decisions over plain values; core_vouch.c asks them, acts on them and collects the answers.
 *
 * A voucher for a ballot promises that its giver will never again take WAL from a holder of a lower ballot, and says
 * that it has nothing that the candidate lacks. So before it is given the old stream is cut (primary_conninfo empty,
 * WAL receiver gone), the ballot is durable [A3], and the position is known [A8] and not ahead. What comes in between:
 *   - who streams from this very candidate has all its WAL from there and stays attached;
 *   - a cleanly shut down primary is sealed first: it can then start only as a standby [A7];
 *   - a standby that is down, a crashed server and a running primary other than the candidate never vouch.
 *
 * "No" needs both positions: a lower bound of mine is enough to be ahead, but not of the candidate's. One that may be
 * promoted itself says no without cutting its stream: it is elected next, and nothing was to be gained by the cut.
 */
#ifndef VRRP_VOUCH_H
#define VRRP_VOUCH_H

#include "vrrp/core_types.h"

/* The answer, or the next thing to do. Words: vrrp_vouch_word(). */
enum vrrp_vouch {
	VRRP_VOUCH_YES = 0,
	VRRP_VOUCH_AHEAD,    /* no: I have what the candidate lacks */
	VRRP_VOUCH_STORE,    /* the ballot must be made durable */
	VRRP_VOUCH_DETACH,   /* primary_conninfo must be emptied, the WAL receiver must go */
	VRRP_VOUCH_SEAL,     /* cleanly shut down primary: standby.signal and an empty primary_conninfo first */
	VRRP_VOUCH_LOOK,     /* my position, or the candidate's, is not known yet */
	VRRP_VOUCH_PASSED,   /* never: vouched for, or took over, a higher ballot */
	VRRP_VOUCH_DIVERGED, /* never: my history must be replaced first */
	VRRP_VOUCH_LOST,     /* not yet: the state file was unreadable, and the silence is not over */
	VRRP_VOUCH_FSYNC,    /* never: fsync is off, or not known to be on */
	VRRP_VOUCH_DOWN,     /* never: down, and not as a cleanly shut down primary */
	VRRP_VOUCH_PRIMARY,  /* never: a running primary other than the candidate */
	VRRP_VOUCH_COUNT
};

/* One question. `self`: the candidate asks itself. */
struct vrrp_vouch_case {
	struct vrrp_pg pg;
	struct vrrp_ballot ballot;  /* asked for */
	struct vrrp_ballot vouched; /* mine, stored */
	struct vrrp_ballot epoch;   /* mine, stored */
	bool vouched_durable;       /* `vouched` is on the disk */
	bool diverged;
	bool state_lost;
	bool eligible; /* I may be promoted myself */
	bool self;
	bool source;          /* all my WAL came from this very candidate: streaming from it */
	bool complete;        /* my position says enough to be compared */
	bool ahead;           /* of the candidate, as far as both are known */
	bool candidate_known; /* the candidate's position is known, not a lower bound */
};

enum vrrp_vouch vrrp_vouch_judge(const struct vrrp_vouch_case *question);

/* Whether member `index` counts in n and may stand in the sync names: data, and not nofailover without vote_data. */
bool vrrp_vouch_counts(const struct vrrp_core_config *config, unsigned index);

/* n - k: vouchers that a holder needs, its own included; at least 1. 0 with durability async. */
unsigned vrrp_vouch_needed(const struct vrrp_core_config *config);

/* A fixed word for log and trace; never NULL. */
const char *vrrp_vouch_word(unsigned vouch);

#endif

/*
 * Reports: what members tell each other (protocol.md section 3). UDP unicast, authenticated, one packet a report.
 *
 * struct vrrp_report is the content in host terms; vrrp_report_encode() and vrrp_report_decode() turn it into bytes
 * and back. Layout on the wire: fixed order, network byte order, at most VRRP_REPORT_BYTES_MAX; the offsets are in
 * report.c. Every field exists from version 1 on and zero means absent; within a version fields are only appended
 * before the key id, and a decoder skips what it does not know.
 *
 * The codec is pure: the HMAC comes in through struct vrrp_auth (auth.h). Nothing here judges freshness: that is
 * peer.h's. Structural checks (source, length, magic, version, VRID, member) come before the HMAC, so that a flood
 * of garbage costs as little as possible; enum vrrp_drop names the first check that failed.
 */
#ifndef VRRP_REPORT_H
#define VRRP_REPORT_H

#include "vrrp/auth.h"
#include "vrrp/base.h"
#include "vrrp/members.h"

#define VRRP_REPORT_BYTES_MAX 1200
#define VRRP_REPORT_VERSION 1
#define VRRP_REPORT_KEYS 16 /* keys of the digest that are told one by one; vipd/config_digest.h names them */

/*
 * A ballot names one candidacy (protocol.md section 4). The lease compares ballots only for equality; epochs,
 * vouches and configurations compare by counter, member, incarnation. counter 0 = no ballot.
 */
struct vrrp_ballot {
	uint64_t counter;
	uint64_t incarnation; /* of the process that made it */
	uint8_t member;       /* 1..255 */
};

/* Roles of a member. PROMOTING, MASTER and LEAVING are holders of the lease. */
enum vrrp_role {
	VRRP_ROLE_INIT = 0,
	VRRP_ROLE_WITNESS,
	VRRP_ROLE_BACKUP,
	VRRP_ROLE_CANDIDATE,
	VRRP_ROLE_PROMOTING,
	VRRP_ROLE_MASTER,
	VRRP_ROLE_LEAVING,
	VRRP_ROLE_FAULT,
	VRRP_ROLE_COUNT
};

/* Report flags. */
#define VRRP_FLAG_ELIGIBLE 0x0001U     /* may be promoted (protocol.md section 4, "Eligible") */
#define VRRP_FLAG_PG_UP 0x0002U        /* PostgreSQL answers */
#define VRRP_FLAG_NOFAILOVER 0x0004U   /* never promoted */
#define VRRP_FLAG_VOTE_DATA 0x0008U    /* counts in n although nofailover */
#define VRRP_FLAG_HEARD_HOLDER 0x0010U /* has known a holder since its daemon's start */
#define VRRP_FLAG_PAUSED 0x0020U       /* with pause_counter (section 4.4) */
#define VRRP_FLAG_IN_RECOVERY 0x0040U  /* PostgreSQL is a standby; clear and PG_UP: a primary */
#define VRRP_FLAG_POSITION_KNOWN 0x0080U
#define VRRP_FLAG_STREAMING 0x0100U     /* the WAL receiver streams from `upstream` */
#define VRRP_FLAG_DIVERGED 0x0200U      /* needs rewind or clone; neither stands nor vouches */
#define VRRP_FLAG_SILENT 0x0400U        /* start-up silence: grants nothing yet */
#define VRRP_FLAG_FAILOVER 0x2000U      /* an operator has chosen this member (failover --to); others wait for it */
#define VRRP_FLAG_ACCEPT_LOSS 0x4000U   /* with it: and accepts that data is lost (durability async) */
#define VRRP_FLAG_LOOKED 0x1000U        /* no holder is known, and `position` was read after that was seen */
#define VRRP_FLAG_STALE_HISTORY 0x0800U /* `history` does not yet end with the current timeline */

/* Why a member is in FAULT or not eligible; a bit set (`fault_reasons`). Words for status: vrrp_fault_word(). */
enum vrrp_fault {
	VRRP_FAULT_PG_DOWN = 0,   /* PostgreSQL does not answer or is gone */
	VRRP_FAULT_PG_STARTING,   /* not yet accepting connections */
	VRRP_FAULT_REPLAY_PAUSED, /* pg_wal_replay_pause() */
	VRRP_FAULT_SYSTEM_ID,     /* another cluster's system identifier */
	VRRP_FAULT_HISTORY,       /* history does not fit or is unknown */
	VRRP_FAULT_LAG,           /* beyond max_lag */
	VRRP_FAULT_NOFAILOVER,    /* configured */
	VRRP_FAULT_LINK,          /* interface or track_interface without carrier */
	VRRP_FAULT_SCRIPT,        /* a track_script failed */
	VRRP_FAULT_DIVERGED,      /* needs rewind or clone */
	VRRP_FAULT_HELD,          /* fault_hold after a failed promotion */
	VRRP_FAULT_REJOINING,     /* stop, rewind, clone or start under way */
	VRRP_FAULT_CONFIG_JUMP,   /* member list changed by more than one */
	VRRP_FAULT_SUPERSEDED,    /* a primary that lost the lease or was passed by another holder */
	VRRP_FAULT_STALLED,       /* the daemon itself was not run for longer than advert_int */
	VRRP_FAULT_PG_HUNG,       /* an open session answers too late */
	VRRP_FAULT_DISK,          /* the data directory cannot be written: full, read-only, an error */
	VRRP_FAULT_STATE_FILE,    /* durable state could not be written */
	VRRP_FAULT_KERNEL,        /* address or gate could not be set */
	VRRP_FAULT_LEAVING,       /* clean stop under way */
	VRRP_FAULT_SYNC_SETTINGS, /* durability quorum: fsync or synchronous_commit is off */
	VRRP_FAULT_NOT_ACCEPTING, /* sessions answer, new connections get none */
	VRRP_FAULT_WAL_STUCK,     /* a primary's WAL does not reach the disk */
	VRRP_FAULT_DISK_STUCK,    /* a write to the data directory does not come back */
	VRRP_FAULT_COUNT
};
#define VRRP_FAULT_BIT(fault) (UINT32_C(1) << (fault))

/* Why a voter refused an ask. Words for log and status: vrrp_refusal_word(). */
enum vrrp_refusal {
	VRRP_REFUSAL_NONE = 0,
	VRRP_REFUSAL_BOUND,  /* granted to another, neither ended nor released */
	VRRP_REFUSAL_SILENT, /* start-up silence */
	VRRP_REFUSAL_HOLDER, /* I hold the lease myself */
	VRRP_REFUSAL_PAUSED,
	VRRP_REFUSAL_VETO,      /* my data is ahead */
	VRRP_REFUSAL_MAX_LAG,   /* the candidate lacks too much of what a MASTER reported */
	VRRP_REFUSAL_PRIMARY,   /* a running primary is known */
	VRRP_REFUSAL_DIGEST,    /* another configuration */
	VRRP_REFUSAL_TOO_LONG,  /* asked for more than max(lease, restart_grace) */
	VRRP_REFUSAL_ROUND,     /* still CANDIDATE one lease after the first grant (D2) */
	VRRP_REFUSAL_JUMP,      /* config_jump */
	VRRP_REFUSAL_TARGET,    /* a switchover names another member */
	VRRP_REFUSAL_SYSTEM_ID, /* another cluster's data */
	VRRP_REFUSAL_COUNT
};

/* This voter's running grant; to = 0: none. */
struct vrrp_report_grant {
	struct vrrp_ballot ballot;
	uint64_t incarnation; /* of the report that asked */
	uint64_t seq;         /* of the report that asked */
	uint32_t remaining_ms;
	uint8_t to;
};

/* This voter's latest refusal; to = 0: none. */
struct vrrp_report_refusal {
	struct vrrp_ballot ballot;
	uint32_t bound_ms;
	uint8_t to;
	uint8_t reason; /* enum vrrp_refusal */
};

/* A voucher for a ballot (durability quorum, adaptive); answer 0 = none, 1 = yes, 2 = no. */
struct vrrp_report_voucher {
	struct vrrp_ballot ballot;
	vrrp_lsn position;
	uint8_t answer;
};

/* A configuration of durability = adaptive: members by bit (id's position in the member list), k. */
struct vrrp_report_config {
	struct vrrp_ballot ballot;
	uint32_t version;
	uint16_t members; /* bit i = i-th member of the configured list */
	uint8_t k;
};

/* What I have heard of another member (D1): either entry proves my report's freshness to it. */
struct vrrp_report_echo {
	uint64_t believed_incarnation;
	uint64_t believed_seq;
	uint64_t other_incarnation;
	uint64_t other_seq;
	uint8_t member; /* 0 = entry absent */
};

struct vrrp_report {
	uint64_t incarnation;
	uint64_t seq;
	uint8_t vrid;
	uint8_t sender; /* member id */
	uint8_t role;   /* enum vrrp_role */
	uint8_t priority;
	uint8_t digest[VRRP_DIGEST_BYTES];
	uint32_t fault_reasons;
	uint16_t flags;
	uint8_t switchover_target; /* member id, 0 = none */
	uint8_t upstream;          /* member id the WAL receiver is connected to, 0 = none or unknown */
	uint32_t pause_counter;
	uint32_t ask_ms;                   /* lease asked for; 0 = none */
	struct vrrp_ballot ballot;         /* I ask or hold under */
	struct vrrp_ballot ballot_highest; /* highest seen */
	struct vrrp_ballot release;        /* my latest; absent after a start */
	struct vrrp_report_grant grant;
	struct vrrp_report_refusal refusal;
	/* the data block */
	uint64_t system_identifier; /* 0 = none yet */
	struct vrrp_ballot epoch;
	vrrp_lsn position;
	vrrp_lsn replayed;
	uint32_t replay_lag_ms;
	uint32_t timeline; /* current; 0 = unknown */
	uint16_t port;
	uint8_t sync_state; /* always 0: a standby cannot know it, and the holder's status shows all of them */
	struct vrrp_history history;
	struct vrrp_report_voucher voucher;
	struct vrrp_report_config config_stored;
	struct vrrp_report_config config_asked;
	/* one entry for every other member */
	uint8_t echo_count; /* <= VRRP_MEMBERS_MAX */
	struct vrrp_report_echo echo[VRRP_MEMBERS_MAX];
	/* what the digest is made of, so that a difference can be named; all zero in a report of an older release */
	uint32_t key_hash[VRRP_REPORT_KEYS]; /* 0 = no such key */
	struct vrrp_member_list members;     /* configured ones, myself included */
};

/* Why a packet was dropped. Words: vrrp_drop_word(). The last ones are peer.h's, counted in the same table. */
enum vrrp_drop {
	VRRP_DROP_NONE = 0, /* accepted */
	VRRP_DROP_SOURCE,   /* not from the address of a member (counted by the socket) */
	VRRP_DROP_LENGTH,
	VRRP_DROP_MAGIC,
	VRRP_DROP_VERSION,
	VRRP_DROP_VRID,
	VRRP_DROP_MEMBER, /* sender is not the member of that address, or myself */
	VRRP_DROP_KEY,    /* unknown key id */
	VRRP_DROP_HMAC,
	VRRP_DROP_CONTENT,     /* authentic, but a field is out of its range */
	VRRP_DROP_SEQ,         /* not above the last one of this incarnation */
	VRRP_DROP_INCARNATION, /* a replaced incarnation, or a new one not proved fresh yet */
	VRRP_DROP_DUPLICATE,   /* two incarnations alternate: duplicate_member */
	VRRP_DROP_UNREAD,      /* a full queue, or a flood that the kernel thinned out (counted by the socket) */
	VRRP_DROP_COUNT
};

/* What a decoder checks before the HMAC. */
struct vrrp_report_expect {
	uint8_t vrid;
	uint8_t sender; /* member id that the source address belongs to; anything else is VRRP_DROP_MEMBER */
};

/*
 * Encodes and signs a report. size must be at least VRRP_REPORT_BYTES_MAX. Returns the bytes written, or a negative
 * errno from the signature (then nothing must be sent). What a decoder would drop as CONTENT is a programming error
 * (assert): vrid, sender, incarnation or seq 0, a count, role, sync_state or voucher.answer out of range, a ballot that
 * is neither all zero nor has both counter and member.
 */
int vrrp_report_encode(const struct vrrp_report *report, const struct vrrp_auth *auth, uint8_t *bytes, size_t size);

/*
 * Checks and decodes one packet. *ret_report is written only when VRRP_DROP_NONE is returned; *ret_value (may be
 * NULL) is the offending value for the log line otherwise: the length, the magic, the version, the VRID, the member,
 * the key id (KEY and HMAC), or the byte offset of the field that is out of its range (CONTENT; report.c has the
 * table). Any bytes are safe input. Flags, fault and refusal reasons may have values of a later release.
 */
enum vrrp_drop vrrp_report_decode(const uint8_t *bytes, size_t length, const struct vrrp_report_expect *expect,
	const struct vrrp_auth *auth, struct vrrp_report *ret_report, uint64_t *ret_value);

/* The VRID a packet claims, before any other check, so that one socket can serve several instances; 0 = none. */
uint8_t vrrp_report_peek_vrid(const uint8_t *bytes, size_t length);

bool vrrp_ballot_is_none(const struct vrrp_ballot *ballot);
bool vrrp_ballot_equal(const struct vrrp_ballot *a, const struct vrrp_ballot *b);
/* <0, 0, >0 by counter, member, incarnation; for epochs, vouches and configurations only, never for the lease. */
int vrrp_ballot_compare(const struct vrrp_ballot *a, const struct vrrp_ballot *b);

/* Fixed words for log and status; never NULL, "?" for a value out of range. */
const char *vrrp_role_word(unsigned role);
const char *vrrp_fault_word(unsigned fault);
const char *vrrp_refusal_word(unsigned refusal);
const char *vrrp_drop_word(unsigned drop);

#endif

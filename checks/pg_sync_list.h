/*
 * synchronous_standby_names and the walsenders behind it, as durability = quorum needs them (protocol.md section 7):
 * the list's text, the statement that asks a primary for its walsenders, and the parsers of both. Pure.
 *
 * Members are named by their index in the configured list; sets are bit sets of these. A list of ours is
 * ANY k ("db2", "db3"), written exactly so; ANY k ("vipd.nobody") stands for an empty set: no member can bear that
 * name, so commits wait. Anything else was written by somebody else and is not understood (listed false).
 *
 * PostgreSQL counts a walsender by its application_name, whatever its case, and counts two of one name as two. So each
 * member streams through a slot of its own, vipd_<name> with _ for -, which only one walsender can hold; one that bears
 * a member's name and streams without that slot is an intruder. The two views that tell are not read at one instant, so
 * pg_sync_settle wants to see the same process twice.
 */
#ifndef CHECKS_PG_SYNC_LIST_H
#define CHECKS_PG_SYNC_LIST_H

#include <sys/types.h>

#include "checks/pg_conn.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_SYNC_NOBODY "vipd.nobody"
#define PG_SYNC_CANARY "vipd.canary" /* application_name of the connection that makes pg_sync's commit */
#define PG_SYNC_TEXT_BYTES 512       /* of a list: 9 names of 32 bytes with quotes and commas, "ANY 9 ()" */
#define PG_SYNC_SENDERS_MAX 64       /* walsenders bearing members' names that are looked at */
#define PG_SYNC_SLOT_BYTES 64

/* SQL: the name of member.name's slot, as pg_sync_slot_name has it. */
#define PG_SYNC_SLOT_SQL "('vipd_' || pg_catalog.translate(member.name, '-', '_'))"

struct pg_sync_members {
	unsigned count;                                 /* 0 = walsenders are not asked for */
	char name[VRRP_MEMBERS_MAX][VRRP_NAME_MAX + 1]; /* [a-z0-9_-]; "" = a witness */
};

struct pg_sync_state {
	bool known; /* asked for, and answered */
	bool listed;
	uint16_t named;     /* members in the list */
	uint8_t k;          /* 0 unless listed */
	uint16_t counted;   /* have a walsender that releases commits, or may when its standby answers */
	uint16_t senders;   /* have a walsender */
	uint16_t streaming; /* have one in state streaming, through their own slot */
	uint16_t intruders; /* their name is borne by a walsender without their slot */
	pid_t intruder[VRRP_MEMBERS_MAX];
	vrrp_lsn flushed[VRRP_MEMBERS_MAX]; /* of the one with the slot; 0 = nothing yet */
};

/* vipd_<name> with _ for -. */
void pg_sync_slot_name(const char *member, char ret_slot[PG_SYNC_SLOT_BYTES]);

/* The list's text for these members; k 0: "". Asserts that they have names. */
void pg_sync_list_format(
	const struct pg_sync_members *members, uint16_t set, unsigned k, char ret_text[PG_SYNC_TEXT_BYTES]);

/* Reads a list of ours. 0, or -EINVAL: of another form, or with a name twice or unknown. */
int pg_sync_list_parse(const struct pg_sync_members *members, const char *text, uint16_t *ret_set, uint8_t *ret_k);

/* The names as an SQL array literal: '{db2,db3}'; those of `set`. */
void pg_sync_array_format(const struct pg_sync_members *members, uint16_t set, char ret_text[PG_SYNC_TEXT_BYTES]);

/* The statement for a primary: its walsenders that bear a member's name. 0 or -E2BIG. 13 to 18. */
int pg_sync_senders_sql(const struct pg_sync_members *members, char *ret_sql, size_t size);

/*
 * Reads its answer, and `list`, the server's synchronous_standby_names of the same look. 0, or -EPROTO naming the
 * column; -EMSGSIZE if there are more walsenders than are looked at.
 */
int pg_sync_senders_parse(const struct pg_sync_members *members, const struct pg_rows *rows, const char *list,
	struct pg_sync_state *ret_state, struct vip_err *err);

/*
 * One row: the list as it is read; an array of the processes of all walsenders but those of `keep` that hold their own
 * slots, which it ends (a base backup releases nothing and is left alone); how many connections named PG_SYNC_CANARY it
 * cancelled. 0 or -E2BIG.
 * any_slot: a kept member's walsender need not use its slot (a switchover: nobody counts on whom it confirms).
 */
int pg_sync_end_sql(const struct pg_sync_members *members, uint16_t keep, bool any_slot, char *ret_sql, size_t size);

/* That array, as PostgreSQL writes it ("{1,2}"; NULL = "{}"), copied if it is one: it goes into a statement. 0 or
 * -EPROTO. */
int pg_sync_pids_read(const char *text, char *ret_pids, size_t size);

/* Leaves an intruder only if it was the same process in the look before. The processes stay noted. */
void pg_sync_settle(const struct pg_sync_state *before, struct pg_sync_state *state);

#endif

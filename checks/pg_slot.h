/*
 * Replication slots of the members, vipd_<name> with _ for -: the statements that keep them, to be run by pg_task.
 * Pure.
 *
 * Every data member has one for each other data member, so that whoever becomes the holder has them already. A slot
 * that was never used keeps no WAL. One that is used keeps what its standby has not received: while the standby is away
 * the disk fills. So an inactive one is dropped, and made anew without WAL, when it keeps more than max_slot_keep on a
 * primary, when PostgreSQL has given it up (max_slot_wal_keep_size), and on a standby in any case: who streamed from
 * there when it was the primary streams from another one now. Slots of other names, logical and temporary ones are
 * never touched; those named vipd_… of members that are no more are dropped by the same rules, and not made anew.
 */
#ifndef CHECKS_PG_SLOT_H
#define CHECKS_PG_SLOT_H

#include "checks/pg_sync_list.h"

/* Drops what keeps too much; a row with the name for each. 0 or -E2BIG. 13 to 18. */
int pg_slot_drop_sql(uint64_t keep_bytes, char *ret_sql, size_t size);

/* Makes those that are missing, for all members of the set; one row: how many. 0 or -E2BIG. */
int pg_slot_create_sql(const struct pg_sync_members *members, uint16_t set, char *ret_sql, size_t size);

#endif

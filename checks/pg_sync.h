/*
 * Two orders to a server whose commits wait for standbys (protocol.md section 7 [D7]), each of several round trips over
 * connections of their own.
 *
 * Names: ALTER SYSTEM and a reload; done when a fresh look reads the list so. Also in recovery, before a promotion.
 * Drop: ends walsenders; done when these processes are gone. Their standbys come back by themselves, and the new
 *   walsenders go by the list that stands in the file now: the postmaster has read it before it starts them.
 * With k > 0 a drop then proves that commits wait. PostgreSQL's backends learn that from a flag that the checkpointer
 *   sets when it gets to read its configuration, and no view shows it. So one commit of our own is made and must be
 *   seen to wait (wait_event SyncRep); when the standbys confirm it too fast for that, the list is set to nobody's name
 *   for a moment, under which every commit waits. Then the commit is cancelled; nobody was told that it is durable.
 *
 * Whatever fails, is cancelled or runs out of time leaves a list that lets fewer commits through, not more.
 * Sans-loop like pg_probe: fd, deadline, run. The caller owns it.
 */
#ifndef CHECKS_PG_SYNC_H
#define CHECKS_PG_SYNC_H

#include "checks/pg_conn.h"
#include "checks/pg_sync_list.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

enum pg_sync_status {
	PG_SYNC_IDLE,
	PG_SYNC_RUNNING,
	PG_SYNC_DONE,
	PG_SYNC_FAILED /* pg_sync_sentence */
};

struct pg_sync;

/* 0 or negative errno. The members are copied. Connects when it is first used. */
int pg_sync_new(
	const char *conninfo, const struct pg_sync_members *members, struct pg_sync **ret_sync, struct vip_err *err);
void pg_sync_free(struct pg_sync *sync);

/* synchronous_standby_names = ANY k (set), nobody's name if it is empty; k 0: emptied. Must not be running. 0 or
 * negative errno. */
int pg_sync_names(
	struct pg_sync *sync, uint16_t set, unsigned k, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

/* Ends all walsenders but those of `keep` that hold their own slots; with k > 0 then proves that commits wait: the list
 * must be one of ours. A primary only. Must not be running. 0 or negative errno. */
int pg_sync_drop(
	struct pg_sync *sync, uint16_t keep, unsigned k, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

int pg_sync_fd(const struct pg_sync *sync);
struct vrrp_time pg_sync_deadline(const struct pg_sync *sync);
enum pg_sync_status pg_sync_run(struct pg_sync *sync, struct vrrp_time now);
const char *pg_sync_sentence(const struct pg_sync *sync);

/* Stops waiting; back to PG_SYNC_IDLE. */
void pg_sync_cancel(struct pg_sync *sync);

#endif

/*
 * The local PostgreSQL as the core sees it: turns probes, tasks and rejoin operations of checks/ into the core's
 * events, and the core's orders (enum vrrp_pg_op) into them. Decides nothing but the pace of probing.
 *
 * One epoll descriptor, one deadline, one run function; what happened comes back through the callbacks, each of which
 * may give orders in turn. Nothing here blocks: libpq is asynchronous, PGDATA is touched by helper processes only.
 */
#ifndef VIPD_POSTGRES_H
#define VIPD_POSTGRES_H

#include "checks/check_state.h"
#include "vipd/config.h"
#include "vrrp/core.h"

struct postgres;

struct postgres_callbacks {
	void *user;
	void (*seen)(void *user, const struct vrrp_pg *pg); /* VRRP_EVENT_PG */
	void (*dead)(void *user);                           /* VRRP_EVENT_PG_DEAD */
	/* VRRP_EVENT_PG_DONE; `untouched`: a rewind failed before it changed anything */
	void (*done)(void *user, uint64_t ticket, bool ok, bool untouched, const struct vrrp_pg *pg);
	void (*history)(void *user, const struct vrrp_history *history); /* VRRP_EVENT_HISTORY */
	void (*health)(void *user, uint32_t faults);                     /* VRRP_EVENT_HEALTH, when they changed */
	void (*log)(void *user, enum vrrp_log_level level, const char *sentence);
};

/* Finds owner and binaries of the data directory (blocks: start only) and begins to probe. */
int postgres_open(const struct config_instance *instance, size_t self, const struct config_local *local,
	const struct postgres_callbacks *callbacks, struct vrrp_time now, struct postgres **ret_postgres,
	struct vip_err *err);
void postgres_close(struct postgres *postgres);

int postgres_fd(const struct postgres *postgres);
struct vrrp_time postgres_deadline(const struct postgres *postgres);
void postgres_run(struct postgres *postgres, struct vrrp_time now);

/* Looks now, and often for a while: something is expected. */
void postgres_probe(struct postgres *postgres, struct vrrp_time now);

struct postgres_order {
	enum vrrp_pg_op op;
	unsigned member;   /* index of the holder for FOLLOW, REWIND, CLONE */
	uint32_t timeline; /* … its timeline, 0 = not known */
	uint16_t sync_set; /* SYNC_NAMES, DROP_SENDERS */
	uint8_t sync_k;    /* … */
	uint64_t ticket;
	struct vrrp_time latest;   /* PROMOTE: not to be sent later: the lease's end */
	struct vrrp_time deadline; /* PROMOTE: promote_timeout */
};

/* Its end comes as done(ticket). A stop overtakes what is under way, whose ticket is then never done. */
void postgres_order(struct postgres *postgres, const struct postgres_order *order, struct vrrp_time now);

/*
 * The core follows a MASTER (vrrp_core_follows), or not. With durability = quorum a standby that streams without its
 * own slot (an adopted one) is given it then; primary_conninfo stays as it is. The receiver connects anew for it, so it
 * is done only for a holder whose history was compared (I6).
 */
void postgres_served_set(struct postgres *postgres, bool served);

/* This host is MASTER, or not: only then is a commit of our own made, to see that WAL reaches the disk. */
void postgres_serves_set(struct postgres *postgres, bool serves, struct vrrp_time now);

/* The checks that find out whether PostgreSQL can work although it answers. */
enum postgres_check_kind {
	POSTGRES_CHECK_CONNECT = 0, /* a new connection: pg_knock.h */
	POSTGRES_CHECK_FLUSH,       /* a commit: pg_flush.h */
	POSTGRES_CHECK_DISK,        /* a write to the data directory: pg_disk.h */
	POSTGRES_CHECKS
};

struct postgres_check {
	const char *name; /* for status */
	enum check_state state;
	const char *sentence; /* why it is not ok, any bytes; "" = nothing to say; valid until postgres_run */
};

struct postgres_check postgres_check_get(const struct postgres *postgres, enum postgres_check_kind kind);

void postgres_read_history(struct postgres *postgres, uint32_t timeline, struct vrrp_time now);

/* Why PostgreSQL does not answer, and what is being done to it; "" if nothing. For status. */
const char *postgres_sentence(const struct postgres *postgres);
const char *postgres_progress(const struct postgres *postgres);

#endif

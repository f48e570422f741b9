/*
 * Everything that touches PGDATA, in a helper process: a frozen disk must never stop the daemon's loop.
 *
 * The daemon runs itself again (/proc/self/exe, argv[0] = PG_DATADIR_ARGV0) as the data directory's owner; main hands
 * over to pg_datadir_main before anything else when it sees that argv[0]. The verbs:
 *   report        prints key=value lines, which pg_datadir_parse reads; changes nothing
 *   prepare       standby.signal and primary_conninfo by rename + fsync, PostgreSQL being stopped
 *   seal          the same without upstream, for a primary that was cleanly shut down only
 *   write         a few pages into a file without a name, and to the disk: see pg_disk.h
 *   stop, start, rewind, clone-check, clone-swap: the steps of pg_rejoin, see pg_rejoin.h
 * The daemon's side here is pure: it builds the argument list and reads the answer; exec.h runs it.
 *
 * What comes back was computed from files of PostgreSQL's user: bounded, parsed strictly, never trusted.
 */
#ifndef CHECKS_PG_DATADIR_H
#define CHECKS_PG_DATADIR_H

#include <sys/types.h>

#include "checks/pg_control.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_DATADIR_ARGV0 "vipd-pgdata"
#define PG_DATADIR_PATH_BYTES 1024
#define PG_DATADIR_ARGS_MAX 32
#define PG_DATADIR_TIMEOUT_MS 10000 /* a report takes a few ms; a disk that needs longer is sick */

struct pg_datadir_report {
	bool present;       /* PG_VERSION is there; otherwise all below but the owner is 0 */
	int major;          /* 13 … */
	uid_t owner_uid;    /* of the directory */
	bool control_known; /* pg_controldata answered */
	struct pg_control control;
	vrrp_lsn shutdown_end_lsn; /* control.state shut down: the end of that checkpoint record = known position; else
				      0 */
	pid_t postmaster_pid;      /* of postmaster.pid, 0 = no file */
	bool postmaster_alive;     /* such a process exists, is PostgreSQL, and works in this directory */
	uint32_t orphans; /* processes of PostgreSQL in this directory that are no child of a living postmaster */
	bool standby_signal;
	bool upstream_empty; /* postgresql.auto.conf empties primary_conninfo */
	bool recovery_signal;
	bool backup_label;
	uint32_t tablespaces_outside; /* links in pg_tblspc: such a cluster is neither cloned nor rewound by us */
	char config_file[PG_DATADIR_PATH_BYTES]; /* as postmaster.opts names it; "" = it does not: in the directory */
	char replay_file[32];        /* WAL file that the startup process reads ("" = none): its timeline is exact */
	uint32_t timeline;           /* newest of: asked for, pg_control's, replay_file's, postgresql's last history */
	struct vrrp_history history; /* of that timeline, with fingerprints where the WAL is still there */
};

/* Arguments common to the verbs. Strings are the caller's, absolute paths. */
struct pg_datadir_place {
	const char *data_directory;
	const char *bin_directory;
	const char *config_file; /* "" or NULL: what postmaster.opts names, else in the data directory */
};

/* Builds the argument list of `report`; timeline: the one the running PostgreSQL is known to be on, 0 = find out. */
struct pg_datadir_args {
	const char *argv[PG_DATADIR_ARGS_MAX + 1];
	unsigned count;
	char storage[8192];
	size_t used;
};

/* All of these assert that there is room: the paths are bounded by the configuration. */
void pg_datadir_args_init(struct pg_datadir_args *args, const char *verb, const struct pg_datadir_place *place);
void pg_datadir_args_add(struct pg_datadir_args *args, const char *name, const char *value);
void pg_datadir_args_report(struct pg_datadir_args *args, const struct pg_datadir_place *place, uint32_t timeline);

/* Reads the answer of `report`. 0, or -EPROTO naming the line. Unknown keys are ignored. Pure. */
int pg_datadir_parse(const char *text, struct pg_datadir_report *ret_report, struct vip_err *err);

#define PG_DATADIR_EXIT_NO_WRITE 4 /* verb `write`: the disk refuses */

/* The helper itself: runs one verb, prints to stdout, errors to stderr. Returns the exit status: 0 done, 1 failed,
 * 2 usage, 3 refused (a sentence says why). */
int pg_datadir_main(int argc, char **argv);

#endif

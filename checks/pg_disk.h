/*
 * Can the data directory be written? Every interval a helper process (pg_datadir.h, verb `write`), as the directory's
 * owner, writes a few pages into a file without a name there, and into pg_wal if that is another file system, and has
 * them brought to the disk. Nothing stays behind, and the owner has no claim on root's reserve of blocks.
 *
 * Failed: the helper has not come back for timeout_ms (`stuck`: RAID, SAN, NFS, fsfreeze), or said twice in a row that
 * it cannot write (full, read-only, an error). A process that waits for a disk cannot be killed: it is let hang, never
 * a second one beside it, and when it comes back the check goes on. A helper that could not be started, or that
 * somebody killed, and a directory that is not there yet, are no finding. Sans-loop; owned by the daemon's glue.
 */
#ifndef CHECKS_PG_DISK_H
#define CHECKS_PG_DISK_H

#include "checks/check_state.h"
#include "checks/exec.h"
#include "checks/pg_datadir.h"
#include "checks/watch.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_DISK_REFUSALS 2    /* in a row: a failure */
#define PG_DISK_AGAIN_MS 1000 /* after the first of them */

struct pg_disk_config {
	char self[PG_DATADIR_PATH_BYTES]; /* the daemon's binary, "/proc/self/exe" */
	char data_directory[PG_DATADIR_PATH_BYTES];
	struct exec_user owner; /* of the data directory */
	int64_t interval_ms;    /* 0 = never */
	int64_t timeout_ms;
};

struct pg_disk {
	struct pg_disk_config config;
	struct check_watch watch;
	struct exec *exec; /* NULL: none is out */
	enum check_state state;
	bool stuck;         /* failed: it hangs; else it was refused */
	struct vip_err why; /* "" if it is well */
	unsigned refusals;  /* in a row */
	struct vrrp_time begun;
	struct vrrp_time next;
};

/* 0 or negative errno (and nothing to deinit). Begins at `now`. */
int pg_disk_init(struct pg_disk *disk, const struct pg_disk_config *config, struct vrrp_time now, struct vip_err *err);
void pg_disk_deinit(struct pg_disk *disk);

int pg_disk_fd(const struct pg_disk *disk); /* stable, poll for POLLIN */
struct vrrp_time pg_disk_deadline(const struct pg_disk *disk);

/* Moves on; the outcome is in `state`, `stuck` and pg_disk_sentence. */
void pg_disk_run(struct pg_disk *disk, struct vrrp_time now);
const char *pg_disk_sentence(const struct pg_disk *disk);

#endif

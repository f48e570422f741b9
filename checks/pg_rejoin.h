/*
 * Stops, starts, rewinds and clones the local PostgreSQL, one operation at a time; each is a short list of steps, a
 * step a child process (exec.h) or a question to the source (pg_task.h), with a deadline and a sentence of progress.
 *
 * PostgreSQL is only ever started as a standby: standby.signal and primary_conninfo are on disk, fsynced, before it is
 * started, and standby.signal before it is stopped (whoever starts it then, starts a standby), of nobody: an empty
 * primary_conninfo is written after.
 * Stop: SIGINT or SIGQUIT to the postmaster, a step harsher at half of the time, SIGKILL at three quarters, then to
 *   what is left of its children; done when no process of PostgreSQL works in the directory. stop_command, if given,
 * runs first. Rewind: asks the source for its timeline and its checkpoint's (before its first checkpoint pg_rewind of
 * 15 and older silently does nothing: refused with -EAGAIN, let the holder CHECKPOINT), crash-recovers an unclean
 * directory in single-user mode, runs pg_rewind, puts our own *.conf files back, writes standby.signal. Clone:
 * pg_basebackup into <data>.vipd-new beside it, then one renameat2(RENAME_EXCHANGE), then the old one is removed. A
 * mount point, an unwritable parent, or a tablespace outside: refused with a sentence, nothing touched.
 */
#ifndef CHECKS_PG_REJOIN_H
#define CHECKS_PG_REJOIN_H

#include "checks/exec.h"
#include "checks/pg_conn.h"
#include "checks/pg_datadir.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_REJOIN_CLONE_TIMEOUT_MS INT64_C(86400000)  /* a day */
#define PG_REJOIN_REWIND_TIMEOUT_MS INT64_C(14400000) /* four hours */
#define PG_REJOIN_PROGRESS_BYTES 512

struct pg_rejoin_config {
	char self[PG_DATADIR_PATH_BYTES]; /* the daemon's binary, "/proc/self/exe" */
	char data_directory[PG_DATADIR_PATH_BYTES];
	char config_file[PG_DATADIR_PATH_BYTES]; /* "" = in the data directory */
	char bin_directory[PG_DATADIR_PATH_BYTES];
	char log_file[PG_DATADIR_PATH_BYTES]; /* stdout and stderr of a postmaster we start; "" = <data>/vipd-start.log
					       */
	struct exec_user owner;               /* of the data directory */
	char start_command[EXEC_COMMAND_BYTES_MAX]; /* "" = run postgres ourselves; else split, run as the daemon's user
						     */
	char stop_command[EXEC_COMMAND_BYTES_MAX];  /* "" = signals */
};

enum pg_stop_mode { PG_STOP_FAST, PG_STOP_IMMEDIATE };

enum pg_rejoin_status {
	PG_REJOIN_IDLE,
	PG_REJOIN_RUNNING,
	PG_REJOIN_DONE,
	PG_REJOIN_FAILED /* pg_rejoin_error */
};

struct pg_rejoin;

int pg_rejoin_new(const struct pg_rejoin_config *config, struct pg_rejoin **ret_rejoin, struct vip_err *err);

/* Kills a step's child still running; what it had half done stays. Takes NULL. */
void pg_rejoin_free(struct pg_rejoin *rejoin);

/* Each begins an operation: 0, -EBUSY (one is running, or the last one's child waits for a disk and cannot be killed),
 * or a negative errno. All timeouts cover the whole operation. */

/*
 * Stops PostgreSQL; as_standby (the rule) writes standby.signal first. postmaster_pidfd: if >= 0 the first signal goes
 * there at once, before the helper has even started (borrowed, for this call only).
 */
int pg_rejoin_stop(struct pg_rejoin *rejoin, enum pg_stop_mode mode, bool as_standby, int postmaster_pidfd,
	int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

/* Starts it as a standby of primary_conninfo ("" = of nobody) with slot ("" = none). Done when the postmaster runs;
 * whether it accepts connections is pg_probe's to see. Already running: -EEXIST at the end. */
int pg_rejoin_start(struct pg_rejoin *rejoin, const char *primary_conninfo, const char *slot, int64_t timeout_ms,
	struct vrrp_time now, struct vip_err *err);

/*
 * Rewinds the stopped PostgreSQL to source (rewind_conninfo with the holder's host and port: pg_follow_conninfo),
 * which must be a primary on timeline `timeline` (0 = any) of system_identifier (0 = any). Errors: -EAGAIN the source
 * has not made its first checkpoint yet; -ESTALE it is not the server or timeline meant; -ENOTRECOVERABLE pg_rewind
 * refused or failed, or the source was another one after it: clone (the directory must not be started).
 */
int pg_rejoin_rewind(struct pg_rejoin *rejoin, const char *source, uint32_t timeline, uint64_t system_identifier,
	int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

/* Replaces the (stopped, or missing) data directory by a copy of upstream (a primary_conninfo), through slot. */
int pg_rejoin_clone(struct pg_rejoin *rejoin, const char *upstream, const char *slot, int64_t timeout_ms,
	struct vrrp_time now, struct vip_err *err);

/*
 * Makes a primary that was cleanly shut down one that starts only as a standby of nobody, durably, and reports: its end
 * is in the report's shutdown_end_lsn. -EPERM: it runs, or was not shut down so.
 */
int pg_rejoin_seal(struct pg_rejoin *rejoin, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

/* Reads a report (pg_datadir.h); the result is in pg_rejoin_report. */
int pg_rejoin_inspect(
	struct pg_rejoin *rejoin, uint32_t timeline, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

int pg_rejoin_fd(const struct pg_rejoin *rejoin);
struct vrrp_time pg_rejoin_deadline(const struct pg_rejoin *rejoin);
enum pg_rejoin_status pg_rejoin_run(struct pg_rejoin *rejoin, struct vrrp_time now);

/* What is being done, or was last: "cloning from 10.0.0.2: 412 MB". Bytes of tools inside: data only. */
const char *pg_rejoin_progress(const struct pg_rejoin *rejoin);

/* After PG_REJOIN_FAILED: the negative errno and the sentence. */
int pg_rejoin_error(const struct pg_rejoin *rejoin);
const char *pg_rejoin_sentence(const struct pg_rejoin *rejoin);

/* After pg_rejoin_inspect or pg_rejoin_seal is done. */
const struct pg_datadir_report *pg_rejoin_report(const struct pg_rejoin *rejoin);

/* The postmaster that pg_rejoin_start started; 0 = unknown (start_command). */
pid_t pg_rejoin_started_pid(const struct pg_rejoin *rejoin);

/* Ends the running step (its child is killed); the status becomes FAILED with -ECANCELED. */
void pg_rejoin_cancel(struct pg_rejoin *rejoin, struct vrrp_time now);

#endif

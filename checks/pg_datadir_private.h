/*
 * Inside the helper process (pg_datadir_main): what its verbs share. The helper may block; its parent has the deadline.
 *
 * Everything here works in one data directory as its owner. Functions return 0 or a negative errno with a sentence;
 * the verbs return the exit status. Paths are built from the configuration, names in the directory from constants.
 */
#ifndef CHECKS_PG_DATADIR_PRIVATE_H
#define CHECKS_PG_DATADIR_PRIVATE_H

#include <stdint.h>

#include "checks/pg_datadir.h"

#define DATADIR_EXIT_DONE 0
#define DATADIR_EXIT_FAILED 1
#define DATADIR_EXIT_USAGE 2
#define DATADIR_EXIT_REFUSED 3

#define DATADIR_FILE_BYTES_MAX 1048576
#define DATADIR_PROCESSES_MAX 8192
#define DATADIR_TOOL_ARGS_MAX 16
#define DATADIR_NEW_SUFFIX ".vipd-new"

struct datadir {
	const char *verb;
	const char *data;
	const char *bin;
	const char *config; /* "" = find out */
	const char *mode;
	const char *conninfo; /* NULL = leave as it is */
	const char *slot;     /* NULL = leave as it is */
	const char *source;
	const char *log;
	uint32_t timeline;
	int64_t timeout_ms;
	bool as_standby;
	char config_found[PG_DATADIR_PATH_BYTES];
};

/* A process of PostgreSQL that works in the directory. */
struct datadir_process {
	pid_t pid;
	pid_t parent;
};

/* files (pg_datadir_file.c) */
int datadir_path(const char *directory, const char *name, char ret_path[PG_DATADIR_PATH_BYTES], struct vip_err *err);
/* Reads a whole file into malloc'd, 0-terminated memory. -ENOENT, -EFBIG, … */
int datadir_file_read(const char *path, char **ret_text, size_t *ret_size, struct vip_err *err);
/* Replaces a file by rename, everything fsynced, the directory too. */
int datadir_file_write(const char *directory, const char *name, const char *text, size_t size, struct vip_err *err);
bool datadir_file_exists(const char *directory, const char *name);
int datadir_file_remove(const char *directory, const char *name, struct vip_err *err);
int datadir_sync(const char *directory, struct vip_err *err);
/* Removes a tree whose name ends in DATADIR_NEW_SUFFIX; nothing else, by assert. */
int datadir_tree_remove(const char *path, struct vip_err *err);

/* settings (pg_datadir_conf.c) */
int datadir_standby_signal(const char *directory, struct vip_err *err);
/* Sets primary_conninfo and primary_slot_name in postgresql.auto.conf where not NULL. */
int datadir_upstream_set(const char *directory, const char *conninfo, const char *slot, struct vip_err *err);
/* Does postgresql.auto.conf, which is read last, empty primary_conninfo? */
bool datadir_upstream_is_empty(const char *directory);
/* Our own settings and certificates, kept in memory while a tool replaces them by the source's. */
struct datadir_kept;
int datadir_keep(const char *directory, struct datadir_kept **ret_kept, struct vip_err *err);
int datadir_put_back(const char *directory, const struct datadir_kept *kept, struct vip_err *err);
void datadir_kept_free(struct datadir_kept *kept);

/* processes (pg_datadir_proc.c) */
/* All of PostgreSQL's processes in the directory, at most max. Returns their number or a negative errno. */
int datadir_processes(const char *directory, struct datadir_process *ret_processes, unsigned max);
pid_t datadir_postmaster_pid(const char *directory);              /* as postmaster.pid says, 0 = none */
bool datadir_is_postmaster(const char *directory, pid_t pid);     /* lives, is PostgreSQL, works here */
bool datadir_replay_file(pid_t pid, char *ret_name, size_t size); /* of a startup process's title */
int64_t datadir_now_ms(void);
void datadir_sleep_ms(int64_t ms);
/*
 * Runs a tool that dies with us and waits. ret_text NULL: its output is ours; else malloc'd stdout and stderr. Returns
 * its exit status (128 + signal), or a negative errno.
 */
int datadir_tool(
	const struct datadir *datadir, const char *tool, const char *const *args, char **ret_text, struct vip_err *err);

/* knowledge (pg_datadir_report.c) */
int datadir_control(const struct datadir *datadir, struct pg_control *ret_control, struct vip_err *err);
/* Where the configuration is: as told, as postmaster.opts says, or "" (in the directory). */
const char *datadir_config(struct datadir *datadir);
unsigned datadir_tablespaces(const char *directory);
int datadir_report(struct datadir *datadir);

/* verbs (pg_datadir_run.c, pg_datadir_stop.c, pg_datadir_clone.c); each returns an exit status */
int datadir_stop(struct datadir *datadir);
int datadir_prepare(struct datadir *datadir);
int datadir_seal(struct datadir *datadir);
int datadir_start(struct datadir *datadir);
int datadir_rewind(struct datadir *datadir);
int datadir_clone_check(struct datadir *datadir);
int datadir_clone_swap(struct datadir *datadir);
int datadir_write(struct datadir *datadir); /* pg_datadir_write.c; pg_disk.h says what for */

/* 0 if nothing of PostgreSQL works there, else DATADIR_EXIT_REFUSED, said on stderr. */
int datadir_refuse_running(const struct datadir *datadir);

#endif

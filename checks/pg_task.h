/*
 * Runs a few statements one after the other over a connection of its own, so that what may be slow (CHECKPOINT, ALTER
 * SYSTEM, ending walsenders) never delays a probe. Also asks other hosts (a numeric address over TCP).
 *
 * Each statement is a round trip of its own (ALTER SYSTEM refuses to share a transaction). The task ends at the first
 * failure, at its deadline, or after the last statement; then the rows of the last one are there. The connection stays
 * open for the next pg_task_start with the same conninfo (warm: one round trip), until pg_task_free.
 *
 * Sans-loop like pg_probe: fd, deadline, run.
 */
#ifndef CHECKS_PG_TASK_H
#define CHECKS_PG_TASK_H

#include "checks/pg_conn.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_TASK_STATEMENTS_MAX 8

enum pg_task_status {
	PG_TASK_IDLE,
	PG_TASK_RUNNING,
	PG_TASK_DONE,  /* pg_task_rows */
	PG_TASK_FAILED /* pg_task_reason, pg_task_sentence */
};

/* Statements of one task; build with pg_script_add. */
struct pg_script {
	unsigned count;
	char sql[PG_TASK_STATEMENTS_MAX][PG_SQL_BYTES_MAX];
};

struct pg_task;

/* Appends printf-built SQL. Quote what comes from outside with pg_literal first. 0 or -E2BIG. */
int pg_script_add(struct pg_script *script, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes value as an SQL literal, quotes included (E'…' when it has backslashes). 0 or -E2BIG; -EINVAL for control
 * characters. */
int pg_literal(const char *value, char *ret_literal, size_t size);

int pg_task_new(struct pg_task **ret_task, struct vip_err *err);
void pg_task_free(struct pg_task *task);

/* Begins; must not be running. The script is copied. timeout_ms covers connecting and all statements. */
int pg_task_start(struct pg_task *task, const char *conninfo, const struct pg_script *script, int64_t timeout_ms,
	struct vrrp_time now, struct vip_err *err);

int pg_task_fd(const struct pg_task *task);
struct vrrp_time pg_task_deadline(const struct pg_task *task);
enum pg_task_status pg_task_run(struct pg_task *task, struct vrrp_time now);

const struct pg_rows *pg_task_rows(const struct pg_task *task);
enum pg_reason pg_task_reason(const struct pg_task *task);
const char *pg_task_sqlstate(const struct pg_task *task);
const char *pg_task_sentence(const struct pg_task *task);

/* Stops waiting (the connection is closed if a statement was in flight); back to PG_TASK_IDLE. */
void pg_task_cancel(struct pg_task *task);

#endif

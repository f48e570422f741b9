#include "checks/pg_task.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pg_task {
	struct pg_conn *conn;
	enum pg_task_status status;
	unsigned next; /* statement to be sent */
	struct vrrp_time deadline;
	enum pg_reason reason;
	bool warm; /* the connection was open before this task: may have died unseen, one retry */
	struct vip_err sentence;
	char conninfo[PG_CONNINFO_BYTES_MAX];
	struct pg_script script;
};

int pg_script_add(struct pg_script *script, const char *format, ...)
{
	va_list args;
	int length;

	assert(script->count < PG_TASK_STATEMENTS_MAX);
	va_start(args, format);
	length = vsnprintf(script->sql[script->count], PG_SQL_BYTES_MAX, format, args);
	va_end(args);
	if (length < 0 || length >= PG_SQL_BYTES_MAX) {
		return -E2BIG;
	}
	script->count++;
	return 0;
}

int pg_literal(const char *value, char *ret_literal, size_t size)
{
	bool escape = strchr(value, '\\') != NULL;
	size_t used = 0;

	/* Room for E, two quotes and the 0, each character counted twice: no arithmetic below can overrun. */
	if (strlen(value) > (size < 8 ? 0 : (size - 8) / 2)) {
		return -E2BIG;
	}
	if (escape) {
		ret_literal[used++] = 'E';
	}
	ret_literal[used++] = '\'';
	for (const char *at = value; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f) {
			return -EINVAL;
		}
		if (*at == '\'' || *at == '\\') {
			ret_literal[used++] = *at;
		}
		ret_literal[used++] = *at;
	}
	ret_literal[used++] = '\'';
	ret_literal[used] = '\0';
	return 0;
}

int pg_task_new(struct pg_task **ret_task, struct vip_err *err)
{
	struct pg_task *task = calloc(1, sizeof(*task));
	int result;

	if (task == NULL) {
		return vip_err_set(err, -ENOMEM, "a PostgreSQL task: out of memory");
	}
	result = pg_conn_new(&task->conn, err);
	if (result < 0) {
		free(task);
		return result;
	}
	task->deadline = VRRP_TIME_NEVER;
	*ret_task = task;
	return 0;
}

void pg_task_free(struct pg_task *task)
{
	if (task != NULL) {
		pg_conn_free(task->conn);
		free(task);
	}
}

int pg_task_fd(const struct pg_task *task)
{
	return pg_conn_fd(task->conn);
}

struct vrrp_time pg_task_deadline(const struct pg_task *task)
{
	return task->status == PG_TASK_RUNNING ? vrrp_time_min(task->deadline, pg_conn_deadline(task->conn))
					       : VRRP_TIME_NEVER;
}

const struct pg_rows *pg_task_rows(const struct pg_task *task)
{
	return pg_conn_rows(task->conn);
}

enum pg_reason pg_task_reason(const struct pg_task *task)
{
	return task->reason;
}

const char *pg_task_sqlstate(const struct pg_task *task)
{
	return pg_conn_sqlstate(task->conn);
}

const char *pg_task_sentence(const struct pg_task *task)
{
	return task->sentence.text;
}

/* What is left for connecting, or for the statement at hand. */
static int64_t pg_task_left_ms(const struct pg_task *task, struct vrrp_time now)
{
	int64_t left_ms = vrrp_time_diff_us(task->deadline, now) / VRRP_US_PER_MS;

	return left_ms < 1 ? 1 : left_ms;
}

static int pg_task_connect(struct pg_task *task, struct vrrp_time now)
{
	task->warm = false;
	return pg_conn_open(task->conn, task->conninfo, pg_task_left_ms(task, now), now, &task->sentence);
}

static int pg_task_send(struct pg_task *task, struct vrrp_time now)
{
	return pg_conn_query(
		task->conn, task->script.sql[task->next], pg_task_left_ms(task, now), now, &task->sentence);
}

static enum pg_task_status pg_task_fail(struct pg_task *task)
{
	task->reason = pg_conn_reason(task->conn);
	task->status = PG_TASK_FAILED;
	return task->status;
}

int pg_task_start(struct pg_task *task, const char *conninfo, const struct pg_script *script, int64_t timeout_ms,
	struct vrrp_time now, struct vip_err *err)
{
	int result = 0;

	assert(task->status != PG_TASK_RUNNING && script->count > 0 && timeout_ms > 0);
	if (strlen(conninfo) >= sizeof(task->conninfo)) {
		return vip_err_set(err, -E2BIG, "conninfo is longer than %zu bytes", sizeof(task->conninfo) - 1);
	}
	if (pg_conn_status(task->conn) != PG_CONN_IDLE || strcmp(conninfo, task->conninfo) != 0) {
		pg_conn_close(task->conn);
	}
	(void)snprintf(task->conninfo, sizeof(task->conninfo), "%s", conninfo);
	task->script = *script;
	task->next = 0;
	task->reason = PG_REASON_NONE;
	task->sentence.text[0] = '\0';
	task->deadline = vrrp_time_add(now, timeout_ms * VRRP_US_PER_MS);
	task->warm = pg_conn_status(task->conn) == PG_CONN_IDLE;
	task->status = PG_TASK_RUNNING;
	if (!task->warm || pg_task_send(task, now) < 0) {
		result = pg_task_connect(task, now);
	}
	if (result < 0) {
		(void)pg_task_fail(task);
		task->status = PG_TASK_IDLE;
		return vip_err_set(err, result, "%s", task->sentence.text);
	}
	return 0;
}

/* Its last words, if it had any, were read for the answer. */
static bool pg_task_had_died(const struct pg_task *task)
{
	enum pg_reason reason = pg_conn_reason(task->conn);

	return pg_conn_status(task->conn) == PG_CONN_CLOSED &&
	       (reason == PG_REASON_LOST || reason == PG_REASON_STOPPING);
}

enum pg_task_status pg_task_run(struct pg_task *task, struct vrrp_time now)
{
	bool connecting = pg_conn_status(task->conn) == PG_CONN_CONNECTING;
	int result;

	if (task->status != PG_TASK_RUNNING) {
		(void)pg_conn_run(task->conn, now, NULL); /* a warm connection may end: sees it */
		return task->status;
	}
	result = pg_conn_run(task->conn, now, &task->sentence);
	if (result < 0 && task->warm && task->next == 0 && pg_task_had_died(task)) {
		result = pg_task_connect(task, now); /* it had died while nobody looked: nothing has been done yet */
		return result < 0 ? pg_task_fail(task) : task->status;
	}
	if (result > 0 && !connecting) {
		task->next++;
	}
	if (result > 0 && task->next == task->script.count) {
		task->status = PG_TASK_DONE;
	} else if (result > 0) {
		result = pg_task_send(task, now);
	}
	return result < 0 ? pg_task_fail(task) : task->status;
}

void pg_task_cancel(struct pg_task *task)
{
	if (task->status == PG_TASK_RUNNING && pg_conn_status(task->conn) != PG_CONN_IDLE) {
		pg_conn_close(task->conn);
	}
	task->status = PG_TASK_IDLE;
}

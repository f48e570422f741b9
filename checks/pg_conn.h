/*
 * One asynchronous libpq connection, one statement in flight, every wait with a deadline, every answer bounded.
 *
 * Owned by pg_probe and pg_task; the daemon normally uses those. Nothing here blocks: a conninfo that would need a
 * name server (a host name, a service file) is refused, GSS encryption is off (it would ask a KDC), notices and libpq's
 * own messages go into the error sentence. application_name is vipd; TCP gets keepalives and TCP_USER_TIMEOUT.
 *
 * Rows are taken in single-row mode and copied out of libpq into one bounded block (struct pg_rows), which the parsers
 * of pg_query.h read; their tests fill such a block from recorded answers.
 *
 * A statement that runs out of time costs the connection: it is closed, PostgreSQL notices by itself.
 */
#ifndef CHECKS_PG_CONN_H
#define CHECKS_PG_CONN_H

#include <sys/types.h>

#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_CONNINFO_BYTES_MAX 1024
#define PG_SQL_BYTES_MAX 8192
#define PG_ROWS_CELLS_MAX 512
#define PG_ROWS_BYTES_MAX 32768

/* Why PostgreSQL did not answer as wished; the word for each: pg_reason_name. */
enum pg_reason {
	PG_REASON_NONE,
	PG_REASON_DOWN,           /* nobody listens: no socket, connection refused */
	PG_REASON_STARTING,       /* 57P03: starting up, or in recovery and not yet consistent */
	PG_REASON_STOPPING,       /* 57P03 / 57P01: shutting down */
	PG_REASON_TOO_MANY,       /* 53300: the postmaster lives, no slot is free */
	PG_REASON_TIMEOUT,        /* no answer within the deadline */
	PG_REASON_LOST,           /* the connection broke */
	PG_REASON_AUTHENTICATION, /* 28000, 28P01, no pg_hba entry */
	PG_REASON_SQL,            /* the statement failed; the connection lives */
	PG_REASON_ANSWER,         /* an answer that cannot be read, or is too large */
	PG_REASON_OTHER
};

/* "down", "starting", … : lower case words for status and metrics. */
const char *pg_reason_name(enum pg_reason reason);

/* The rows of one answer, as text. Cells are 0-terminated; SQL NULL is distinct from "". */
struct pg_rows {
	unsigned rows;
	unsigned columns;
	unsigned cells;
	size_t bytes_used;
	uint32_t cell[PG_ROWS_CELLS_MAX]; /* offset in bytes, UINT32_MAX = NULL */
	char bytes[PG_ROWS_BYTES_MAX];
};

void pg_rows_clear(struct pg_rows *rows, unsigned columns);

/* Appends a cell (row by row, left to right); value NULL = SQL NULL. 0 or -EMSGSIZE. */
int pg_rows_append(struct pg_rows *rows, const char *value, size_t value_bytes);

/* The cell's text, or NULL for SQL NULL or a cell that is not there. */
const char *pg_rows_get(const struct pg_rows *rows, unsigned row, unsigned column);

enum pg_conn_status { PG_CONN_CLOSED, PG_CONN_CONNECTING, PG_CONN_IDLE, PG_CONN_BUSY };

struct pg_conn;

/*
 * Checks a conninfo: parses, at most one host, which is a directory (or absent: PostgreSQL's default directory), or a
 * numeric address; no service. 0 or -EINVAL with a sentence that says what to write instead.
 */
int pg_conninfo_check(const char *conninfo, struct vip_err *err);

/* A closed connection object. 0 or negative errno. */
int pg_conn_new(struct pg_conn **ret_conn, struct vip_err *err);
void pg_conn_free(struct pg_conn *conn);

int pg_conn_fd(const struct pg_conn *conn); /* stable, poll for POLLIN */
struct vrrp_time pg_conn_deadline(const struct pg_conn *conn);
enum pg_conn_status pg_conn_status(const struct pg_conn *conn);

/* Begins to connect; must be closed. On failure the reason is in pg_conn_reason. 0 or negative errno. */
int pg_conn_open(
	struct pg_conn *conn, const char *conninfo, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

/* Sends one simple-protocol query string; must be idle. 0 or negative errno (and then closed). */
int pg_conn_query(struct pg_conn *conn, const char *sql, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err);

/*
 * Moves on. 0: nothing new; 1: what was begun (connect or query) has succeeded; negative errno: it has failed, see
 * pg_conn_reason and err. After a failed connect, a timeout or a lost connection it is closed; after PG_REASON_SQL
 * idle.
 */
int pg_conn_run(struct pg_conn *conn, struct vrrp_time now, struct vip_err *err);

enum pg_reason pg_conn_reason(const struct pg_conn *conn);
const struct pg_rows *pg_conn_rows(const struct pg_conn *conn); /* of the last query; valid until the next */
const char *pg_conn_sqlstate(const struct pg_conn *conn);       /* "" or five characters, of the last failure */

/*
 * The process that listens on the server's unix socket, from SO_PEERCRED (unix(7): the credentials are those of the
 * process that called listen(2), that is the postmaster, not the backend: measured). 0: TCP, or not connected.
 */
pid_t pg_conn_listener_pid(const struct pg_conn *conn);

void pg_conn_close(struct pg_conn *conn);

#endif

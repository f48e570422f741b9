#include "checks/pg_conn.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "checks/pg_reason.h"
#include "checks/watch.h"

#define PG_CONN_KEYWORDS_MAX 64
#define PG_CONN_STEPS_MAX 32 /* of PQconnectPoll, or of answers, in one run */
#define PG_CONN_DEFAULT_DIRECTORY "/var/run/postgresql"

struct pg_conn {
	struct check_watch watch;
	PGconn *pq;
	enum pg_conn_status status;
	enum pg_reason reason;
	struct vrrp_time deadline;
	PostgresPollingStatusType want; /* while connecting */
	int watched_fd;
	bool rows_begin; /* the next row opens a new answer */
	int failure;     /* negative errno of the statement in flight, to be told when it has ended */
	pid_t listener_pid;
	char sqlstate[6];
	struct vip_err failure_err;
	struct pg_rows rows;
};

static void pg_conn_notice_drop(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static bool pg_host_is_numeric(const char *host)
{
	unsigned char address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static int pg_conninfo_option_check(const PQconninfoOption *option, struct vip_err *err)
{
	const char *value = option->val;

	if (value == NULL || value[0] == '\0') {
		return 0;
	}
	if (strcmp(option->keyword, "service") == 0) {
		return vip_err_set(err, -EINVAL,
			"conninfo: service=%s needs a file that can change under us: write its settings out", value);
	}
	if (strcmp(option->keyword, "host") == 0 && value[0] != '/' && value[0] != '@' && !pg_host_is_numeric(value)) {
		return vip_err_set(err, -EINVAL,
			"conninfo: host=%s is neither one numeric address nor a socket directory: "
			"write the address (a name server may be down when it matters)",
			value);
	}
	if (strcmp(option->keyword, "hostaddr") == 0 && !pg_host_is_numeric(value)) {
		return vip_err_set(err, -EINVAL, "conninfo: hostaddr=%s is not one numeric address", value);
	}
	return 0;
}

static int pg_conninfo_parse(const char *conninfo, PQconninfoOption **ret_options, struct vip_err *err)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &message);
	int result = 0;

	if (options == NULL) {
		result = vip_err_set(err, -EINVAL, "conninfo: %s", message != NULL ? message : "out of memory");
		PQfreemem(message);
		return result;
	}
	if (getenv("PGSERVICE") != NULL) {
		result = vip_err_set(err, -EINVAL, "conninfo: unset PGSERVICE in the environment");
	}
	for (const PQconninfoOption *option = options; result == 0 && option->keyword != NULL; option++) {
		result = pg_conninfo_option_check(option, err);
	}
	if (result < 0) {
		PQconninfoFree(options);
		return result;
	}
	*ret_options = options;
	return 0;
}

int pg_conninfo_check(const char *conninfo, struct vip_err *err)
{
	PQconninfoOption *options;
	int result = pg_conninfo_parse(conninfo, &options, err);

	if (result == 0) {
		PQconninfoFree(options);
	}
	return result;
}

int pg_conn_new(struct pg_conn **ret_conn, struct vip_err *err)
{
	struct pg_conn *conn = calloc(1, sizeof(*conn));
	int result;

	if (conn == NULL) {
		return vip_err_set(err, -ENOMEM, "a PostgreSQL connection: out of memory");
	}
	conn->deadline = VRRP_TIME_NEVER;
	conn->watched_fd = -1;
	result = check_watch_open(&conn->watch, err);
	if (result < 0) {
		free(conn);
		return result;
	}
	*ret_conn = conn;
	return 0;
}

void pg_conn_close(struct pg_conn *conn)
{
	if (conn->watched_fd >= 0) {
		(void)check_watch_set(&conn->watch, conn->watched_fd, 0, NULL);
		conn->watched_fd = -1;
	}
	PQfinish(conn->pq);
	conn->pq = NULL;
	conn->status = PG_CONN_CLOSED;
	conn->deadline = VRRP_TIME_NEVER;
	conn->listener_pid = 0;
}

void pg_conn_free(struct pg_conn *conn)
{
	if (conn != NULL) {
		pg_conn_close(conn);
		check_watch_close(&conn->watch);
		free(conn);
	}
}

int pg_conn_fd(const struct pg_conn *conn)
{
	return conn->watch.epoll_fd;
}

struct vrrp_time pg_conn_deadline(const struct pg_conn *conn)
{
	return conn->deadline;
}

enum pg_conn_status pg_conn_status(const struct pg_conn *conn)
{
	return conn->status;
}

enum pg_reason pg_conn_reason(const struct pg_conn *conn)
{
	return conn->reason;
}

const struct pg_rows *pg_conn_rows(const struct pg_conn *conn)
{
	return &conn->rows;
}

const char *pg_conn_sqlstate(const struct pg_conn *conn)
{
	return conn->sqlstate;
}

pid_t pg_conn_listener_pid(const struct pg_conn *conn)
{
	return conn->listener_pid;
}

/* Waits for what libpq now wants of its (possibly new) socket. */
static int pg_conn_watch(struct pg_conn *conn, uint32_t events, struct vip_err *err)
{
	int fd = PQsocket(conn->pq);

	if (conn->watched_fd >= 0 && conn->watched_fd != fd) {
		(void)check_watch_set(&conn->watch, conn->watched_fd, 0, NULL);
	}
	conn->watched_fd = fd;
	return fd >= 0 ? check_watch_set(&conn->watch, fd, events, err) : 0;
}

/* The connection is of no more use: keeps why, closes, and says so. */
static int pg_conn_fail(struct pg_conn *conn, enum pg_reason reason, int code, struct vip_err *err, const char *text)
{
	conn->reason = reason;
	(void)vip_err_set(err, code, "%s", text);
	pg_conn_close(conn);
	return code;
}

static int pg_conn_fail_libpq(struct pg_conn *conn, bool connecting, struct vip_err *err)
{
	char sentence[VIP_ERR_TEXT_MAX];
	enum pg_reason reason =
		pg_reason_read(PQerrorMessage(conn->pq), connecting, conn->sqlstate, sentence, sizeof(sentence));

	return pg_conn_fail(conn, reason, reason == PG_REASON_DOWN ? -ECONNREFUSED : -EIO, err, sentence);
}

/* Ours come last and win, but for what the administrator may choose (has[]): libpq takes the last of a keyword. */
static int pg_conn_params(const PQconninfoOption *options, const char *keywords[], const char *values[])
{
	static const char *const ours[][2] = { { "application_name", "vipd" }, { "gssencmode", "disable" },
		{ "keepalives", "1" }, { "keepalives_idle", "2" }, { "keepalives_interval", "1" },
		{ "keepalives_count", "3" }, { "tcp_user_timeout", "5000" }, { "client_encoding", "UTF8" } };
	const char *host = "";
	unsigned count = 0;

	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(ours); i++) {
		keywords[count] = ours[i][0];
		values[count++] = ours[i][1];
	}
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
		if (option->val == NULL || option->val[0] == '\0') {
			continue;
		}
		if (count + 4 > PG_CONN_KEYWORDS_MAX) {
			return -E2BIG;
		}
		if (strcmp(option->keyword, "host") == 0 || strcmp(option->keyword, "hostaddr") == 0) {
			host = option->val;
		}
		keywords[count] = option->keyword;
		values[count++] = option->val;
	}
	/* A numeric host as hostaddr too: then libpq asks no resolver, by its own word. */
	if (host[0] == '\0') {
		keywords[count] = "host";
		values[count++] = PG_CONN_DEFAULT_DIRECTORY;
	} else if (pg_host_is_numeric(host)) {
		keywords[count] = "hostaddr";
		values[count++] = host;
	}
	keywords[count] = NULL;
	values[count] = NULL;
	return 0;
}

int pg_conn_open(
	struct pg_conn *conn, const char *conninfo, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	const char *keywords[PG_CONN_KEYWORDS_MAX];
	const char *values[PG_CONN_KEYWORDS_MAX];
	PQconninfoOption *options;
	int result;

	assert(conn->status == PG_CONN_CLOSED && timeout_ms > 0);
	conn->reason = PG_REASON_OTHER;
	conn->sqlstate[0] = '\0';
	result = pg_conninfo_parse(conninfo, &options, err);
	if (result < 0) {
		return result;
	}
	result = pg_conn_params(options, keywords, values);
	conn->pq = result == 0 ? PQconnectStartParams(keywords, values, 0) : NULL;
	PQconninfoFree(options);
	if (conn->pq == NULL) {
		return vip_err_set(err, result < 0 ? result : -ENOMEM, "connect to PostgreSQL: %s",
			result < 0 ? "too many settings in conninfo" : "out of memory");
	}
	(void)PQsetErrorVerbosity(conn->pq, PQERRORS_VERBOSE); /* the only way to a failed connect's SQLSTATE */
	(void)PQsetNoticeProcessor(conn->pq, pg_conn_notice_drop, NULL);
	conn->status = PG_CONN_CONNECTING;
	conn->deadline = vrrp_time_add(now, timeout_ms * VRRP_US_PER_MS);
	conn->want = PGRES_POLLING_WRITING;
	if (PQstatus(conn->pq) == CONNECTION_BAD) {
		return pg_conn_fail_libpq(conn, true, err);
	}
	return pg_conn_watch(conn, EPOLLOUT, err);
}

static bool pg_conn_ready(const struct pg_conn *conn, short events)
{
	struct pollfd fd = { .fd = PQsocket(conn->pq), .events = events };

	return fd.fd >= 0 && poll(&fd, 1, 0) > 0;
}

/* SO_PEERCRED of a unix socket names the process that called listen: the postmaster. */
static pid_t pg_conn_peer(const struct pg_conn *conn)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct sockaddr_storage name;
	socklen_t name_size = sizeof(name);
	int fd = PQsocket(conn->pq);

	if (getsockname(fd, (struct sockaddr *)&name, &name_size) != 0 || name.ss_family != AF_UNIX ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
		return 0;
	}
	return peer.pid;
}

static int pg_conn_run_connecting(struct pg_conn *conn, struct vip_err *err)
{
	for (unsigned i = 0; i < PG_CONN_STEPS_MAX; i++) {
		/* PQconnectPoll takes a call for readiness: it must not be called before. */
		if (!pg_conn_ready(conn, conn->want == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
			break;
		}
		conn->want = PQconnectPoll(conn->pq);
		if (conn->want == PGRES_POLLING_FAILED) {
			return pg_conn_fail_libpq(conn, true, err);
		}
		if (conn->want == PGRES_POLLING_OK) {
			int result = PQsetnonblocking(conn->pq, 1) == 0 ? pg_conn_watch(conn, EPOLLIN, err) : -EIO;

			if (result < 0) {
				return pg_conn_fail(conn, PG_REASON_OTHER, result, err, "set up the connection");
			}
			conn->listener_pid = pg_conn_peer(conn);
			conn->status = PG_CONN_IDLE;
			conn->reason = PG_REASON_NONE;
			conn->deadline = VRRP_TIME_NEVER;
			return 1;
		}
	}
	return pg_conn_watch(conn, conn->want == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT, err);
}

int pg_conn_query(struct pg_conn *conn, const char *sql, int64_t timeout_ms, struct vrrp_time now, struct vip_err *err)
{
	int flushed;

	assert(conn->status == PG_CONN_IDLE && timeout_ms > 0);
	pg_rows_clear(&conn->rows, 0);
	conn->rows_begin = true;
	conn->failure = 0;
	conn->sqlstate[0] = '\0';
	conn->deadline = vrrp_time_add(now, timeout_ms * VRRP_US_PER_MS);
	if (PQsendQuery(conn->pq, sql) != 1 || PQsetSingleRowMode(conn->pq) != 1) {
		return pg_conn_fail_libpq(conn, false, err);
	}
	conn->status = PG_CONN_BUSY;
	flushed = PQflush(conn->pq);
	if (flushed < 0) {
		return pg_conn_fail_libpq(conn, false, err);
	}
	return pg_conn_watch(conn, flushed > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN, err);
}

static int pg_conn_take_rows(struct pg_conn *conn, const PGresult *answer)
{
	int columns = PQnfields(answer);

	if (conn->rows_begin) {
		pg_rows_clear(&conn->rows, (unsigned)columns);
		conn->rows_begin = false;
	}
	for (int row = 0; row < PQntuples(answer); row++) {
		for (int column = 0; column < columns; column++) {
			const char *value = PQgetisnull(answer, row, column) ? NULL : PQgetvalue(answer, row, column);
			int result = pg_rows_append(
				&conn->rows, value, value != NULL ? (size_t)PQgetlength(answer, row, column) : 0);

			if (result < 0) {
				return result;
			}
		}
	}
	return 0;
}

/* One piece of the answer. 0, or a failure that costs the connection. */
static int pg_conn_take(struct pg_conn *conn, const PGresult *answer, struct vip_err *err)
{
	switch (PQresultStatus(answer)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
		if (pg_conn_take_rows(conn, answer) < 0) {
			return vip_err_set(err, -EMSGSIZE, "PostgreSQL's answer is larger than was asked for");
		}
		conn->rows_begin = PQresultStatus(answer) == PGRES_TUPLES_OK;
		return 0;
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		conn->rows_begin = true;
		return 0;
	case PGRES_FATAL_ERROR: {
		char sentence[VIP_ERR_TEXT_MAX];

		conn->reason =
			pg_reason_read(PQresultErrorMessage(answer), false, conn->sqlstate, sentence, sizeof(sentence));
		conn->failure = vip_err_set(&conn->failure_err, -EREMOTEIO, "%s", sentence);
		return 0;
	}
	default:
		return vip_err_set(err, -EPROTO, "PostgreSQL answered with something that was not asked for");
	}
}

static int pg_conn_finish_query(struct pg_conn *conn, struct vip_err *err)
{
	if (PQstatus(conn->pq) == CONNECTION_BAD) {
		enum pg_reason reason = conn->failure < 0 ? conn->reason : PG_REASON_LOST;

		return pg_conn_fail(conn, reason == PG_REASON_SQL ? PG_REASON_LOST : reason, -ECONNRESET, err,
			conn->failure < 0 ? conn->failure_err.text : "the connection to PostgreSQL was lost");
	}
	conn->status = PG_CONN_IDLE;
	conn->deadline = VRRP_TIME_NEVER;
	if (conn->failure < 0) {
		return vip_err_set(err, conn->failure, "%s", conn->failure_err.text);
	}
	conn->reason = PG_REASON_NONE;
	return 1;
}

static int pg_conn_run_busy(struct pg_conn *conn, struct vip_err *err)
{
	int flushed = PQflush(conn->pq);

	if (flushed < 0 || PQconsumeInput(conn->pq) != 1) {
		return conn->failure < 0 ? pg_conn_fail(conn, conn->reason, -ECONNRESET, err, conn->failure_err.text)
					 : pg_conn_fail_libpq(conn, false, err);
	}
	for (unsigned i = 0; i < PG_ROWS_CELLS_MAX && PQisBusy(conn->pq) == 0; i++) {
		PGresult *answer = PQgetResult(conn->pq);
		int result;

		if (answer == NULL) {
			return pg_conn_finish_query(conn, err);
		}
		result = pg_conn_take(conn, answer, err);
		PQclear(answer);
		if (result < 0) {
			conn->reason = PG_REASON_ANSWER;
			pg_conn_close(conn);
			return result;
		}
	}
	return pg_conn_watch(conn, flushed > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN, err);
}

/* Nothing was asked, so what arrives can only be a notice, a changed setting, or the end. */
static int pg_conn_run_idle(struct pg_conn *conn, struct vip_err *err)
{
	PGnotify *notify;

	if (!pg_conn_ready(conn, POLLIN)) {
		return 0;
	}
	if (PQconsumeInput(conn->pq) != 1 || PQstatus(conn->pq) == CONNECTION_BAD) {
		return pg_conn_fail_libpq(conn, false, err);
	}
	(void)PQisBusy(conn->pq); /* parses what was read */
	notify = PQnotifies(conn->pq);
	PQfreemem(notify);
	return 0;
}

int pg_conn_run(struct pg_conn *conn, struct vrrp_time now, struct vip_err *err)
{
	int result = 0;

	switch (conn->status) {
	case PG_CONN_CLOSED:
		return 0;
	case PG_CONN_CONNECTING:
		result = pg_conn_run_connecting(conn, err);
		break;
	case PG_CONN_IDLE:
		return pg_conn_run_idle(conn, err);
	case PG_CONN_BUSY:
		result = pg_conn_run_busy(conn, err);
		break;
	}
	if (result == 0 && !vrrp_time_before(now, conn->deadline)) {
		return pg_conn_fail(conn, PG_REASON_TIMEOUT, -ETIMEDOUT, err, "PostgreSQL did not answer in time");
	}
	if (result < 0 && conn->status != PG_CONN_CLOSED && conn->status != PG_CONN_IDLE) {
		pg_conn_close(conn);
	}
	return result;
}

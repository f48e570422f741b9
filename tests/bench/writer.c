/*
 * The client of the lab and of the bench: writes numbered rows, each in its own transaction, through the floating
 * address, without pause or with a fixed one, and records what became of every attempt.
 *
 * An attempt has one deadline for all of it: connecting, if there is no connection, and the INSERT. A number is used
 * once: an attempt whose answer did not come may have been committed or not, and is recorded as failed.
 * libpq is used asynchronously, because its own connect_timeout counts in whole seconds.
 *
 * Output, one line an attempt, times in microseconds of CLOCK_BOOTTIME:
 *   A <n> <started> <answered> <data directory of the server> <WAL position before the commit>
 *   F <n> <started> <ended> <phase>: <reason>
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_EVERY_US 20000
#define RETRY_PAUSE_US 1000 /* after a connection that was refused at once */
#define REASON_MAX 160

#define INSERT_ROW                                                                                                     \
	"INSERT INTO lab_rows (n) VALUES ($1::bigint) "                                                                \
	"RETURNING current_setting('data_directory'), pg_current_wal_insert_lsn()::text"

static volatile sig_atomic_t stopping;

struct writer {
	const char *host;
	const char *port;
	const char *user;
	int64_t deadline_us;
	int64_t pause_us;
	FILE *output;
	int64_t flushed_us;
	PGconn *conn;
	char reason[REASON_MAX];
};

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void pause_us(int64_t duration_us)
{
	struct timespec t = { duration_us / 1000000, (duration_us % 1000000) * 1000 };

	if (duration_us > 0) {
		nanosleep(&t, NULL);
	}
}

/* Keeps the first line of text, without control characters. */
static void set_reason(struct writer *writer, const char *phase, const char *text)
{
	size_t length = (size_t)snprintf(writer->reason, sizeof(writer->reason), "%s: %s", phase, text);

	if (length >= sizeof(writer->reason)) {
		length = sizeof(writer->reason) - 1;
	}
	for (size_t i = 0; i < length; i++) {
		if (writer->reason[i] == '\n') {
			writer->reason[i] = 0;
			return;
		}
		if ((unsigned char)writer->reason[i] < ' ') {
			writer->reason[i] = ' ';
		}
	}
}

static void disconnect(struct writer *writer)
{
	PQfinish(writer->conn);
	writer->conn = NULL;
}

/* Waits for the connection's socket until end_us; false at the deadline or on an error. Stopping waits for it. */
static bool wait_socket(struct writer *writer, short events, int64_t end_us)
{
	struct pollfd fd = { PQsocket(writer->conn), events, 0 };

	for (;;) {
		int64_t left_us = end_us - now_us();
		struct timespec timeout = { left_us / 1000000, (left_us % 1000000) * 1000 };
		int ready;

		if (left_us <= 0) {
			return false;
		}
		ready = ppoll(&fd, 1, &timeout, NULL);
		if (ready > 0) {
			return true;
		}
		if (ready < 0 && errno != EINTR) {
			return false;
		}
	}
}

static bool connect_until(struct writer *writer, int64_t end_us)
{
	const char *const keys[] = { "hostaddr", "port", "user", "dbname", "application_name", "sslmode", "gssencmode",
		NULL };
	const char *const values[] = { writer->host, writer->port, writer->user, "postgres", "writer", "disable",
		"disable", NULL };
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	writer->conn = PQconnectStartParams(keys, values, 0);
	if (!writer->conn || PQstatus(writer->conn) == CONNECTION_BAD) {
		set_reason(writer, "connect", writer->conn ? PQerrorMessage(writer->conn) : "no memory");
		return false;
	}
	while (status != PGRES_POLLING_OK) {
		if (status == PGRES_POLLING_FAILED) {
			set_reason(writer, "connect", PQerrorMessage(writer->conn));
			return false;
		}
		if (!wait_socket(writer, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, end_us)) {
			set_reason(writer, "connect", "deadline");
			return false;
		}
		status = PQconnectPoll(writer->conn);
	}
	return true;
}

/* The statement's result, or NULL with the reason set. The caller clears it. */
static PGresult *insert_until(struct writer *writer, int64_t number, int64_t end_us)
{
	char text[24];
	const char *const values[] = { text };
	PGresult *result, *more;

	snprintf(text, sizeof(text), "%" PRId64, number);
	if (!PQsendQueryParams(writer->conn, INSERT_ROW, 1, NULL, values, NULL, NULL, 0)) {
		set_reason(writer, "insert", PQerrorMessage(writer->conn));
		return NULL;
	}
	while (PQisBusy(writer->conn)) {
		if (!wait_socket(writer, POLLIN, end_us)) {
			set_reason(writer, "insert", "deadline");
			return NULL;
		}
		if (!PQconsumeInput(writer->conn)) {
			set_reason(writer, "insert", PQerrorMessage(writer->conn));
			return NULL;
		}
	}
	result = PQgetResult(writer->conn);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
		set_reason(writer, "insert", PQresultErrorMessage(result));
		PQclear(result);
		return NULL;
	}
	while ((more = PQgetResult(writer->conn)) != NULL) {
		PQclear(more); /* the end of the statement; ReadyForQuery has come with the commit */
	}
	return result;
}

/* One attempt under one deadline, and its line. False if it failed. */
static bool attempt(struct writer *writer, int64_t number)
{
	int64_t started_us = now_us();
	int64_t end_us = started_us + writer->deadline_us;
	PGresult *result = NULL;
	int64_t ended_us;

	if (writer->conn || connect_until(writer, end_us)) {
		result = insert_until(writer, number, end_us);
	}
	ended_us = now_us();
	if (result) {
		fprintf(writer->output, "A %" PRId64 " %" PRId64 " %" PRId64 " %s %s\n", number, started_us, ended_us,
			PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
		PQclear(result);
	} else {
		fprintf(writer->output, "F %" PRId64 " %" PRId64 " %" PRId64 " %s\n", number, started_us, ended_us,
			writer->reason);
		disconnect(writer);
	}
	if (!result || ended_us - writer->flushed_us > FLUSH_EVERY_US) {
		fflush(writer->output);
		writer->flushed_us = ended_us;
	}
	if (!result && ended_us - started_us < RETRY_PAUSE_US) {
		pause_us(RETRY_PAUSE_US);
	}
	return result != NULL;
}

static int usage(void)
{
	fputs("usage: writer --host ADDRESS --output FILE [--port N] [--user NAME] [--deadline-ms N] [--pause-us N] "
	      "[--first N]\n",
		stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "host", required_argument, NULL, 'h' },
		{ "port", required_argument, NULL, 'p' }, { "user", required_argument, NULL, 'u' },
		{ "output", required_argument, NULL, 'o' }, { "deadline-ms", required_argument, NULL, 'd' },
		{ "pause-us", required_argument, NULL, 'w' }, { "first", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 } };
	struct sigaction action = { .sa_handler = on_signal };
	struct writer writer = { .port = "5432", .user = "app", .deadline_us = 250000 };
	const char *path = NULL;
	int64_t number = 1;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			writer.host = optarg;
			break;
		case 'p':
			writer.port = optarg;
			break;
		case 'u':
			writer.user = optarg;
			break;
		case 'o':
			path = optarg;
			break;
		case 'd':
			writer.deadline_us = strtoll(optarg, NULL, 10) * 1000;
			break;
		case 'w':
			writer.pause_us = strtoll(optarg, NULL, 10);
			break;
		case 'n':
			number = strtoll(optarg, NULL, 10);
			break;
		default:
			return usage();
		}
	}
	if (!writer.host || !path || writer.deadline_us <= 0 || optind != argc) {
		return usage();
	}
	writer.output = fopen(path, "w");
	if (!writer.output) {
		fprintf(stderr, "writer: open %s: %s\n", path, strerror(errno));
		return 1;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	while (!stopping) {
		attempt(&writer, number++);
		pause_us(writer.pause_us);
	}
	disconnect(&writer);
	return fclose(writer.output) == 0 ? 0 : 1;
}

/*
 * Real PostgreSQL servers for unit tests: in a temporary directory, run as user postgres, reachable through unix
 * sockets only; and a poll loop that stands in for the daemon's.
 *
 * Every wait is for a condition with a deadline. pg_lab_open fails the program when it is not root (it must become
 * postgres): a skipped test would be counted as done. One initdb a program; the nodes are copies of it.
 */
#ifndef TESTS_PG_FIXTURE_H
#define TESTS_PG_FIXTURE_H

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "checks/exec.h"
#include "checks/pg_probe.h"
#include "checks/pg_rejoin.h"
#include "checks/pg_task.h"

#define LAB_BIN "/usr/lib/postgresql/15/bin"
#define LAB_WAIT_MS 30000 /* a deadline for what takes milliseconds on an idle machine */

struct lab_node {
	char name[16];
	char data[128];
	char config[128];   /* "" = in the data directory */
	char conninfo[256]; /* as the role vipd */
	char admin[256];    /* as a superuser */
	int port;
};

extern struct exec_user lab_owner;
extern char lab_root[64]; /* also the directory of all sockets */

/* Call first in main: hands over to the helper when the program is run as it. */
void lab_main(int argc, char **argv);

int lab_open(void **state);
int lab_close(void **state);

struct vrrp_time lab_now(void);
int64_t lab_elapsed_us(struct vrrp_time since);

/* Waits until one of the fds is ready or the time has come. */
void lab_poll(const int *fds, unsigned count, struct vrrp_time deadline);

/* Runs a tool as postgres to its end; fails the test if its exit status is not `status` (-1 = any). */
const char *lab_run(int status, const char *file, ...) __attribute__((sentinel));

/* A copy of the initial cluster with its own port. */
void lab_node_init(struct lab_node *node, const char *name, int port);
void lab_node_setting(const struct lab_node *node, const char *line);
/* Before its first start: a standby of `primary`. */
void lab_node_standby(const struct lab_node *node, const struct lab_node *primary);
void lab_node_start(const struct lab_node *node);
void lab_node_stop(const struct lab_node *node, const char *mode);
void lab_node_kill(const struct lab_node *node, int signal);
pid_t lab_node_pid(const struct lab_node *node);

/* As superuser; the first cell of the last statement, or "". Fails the test on an error. */
const char *lab_sql(const struct lab_node *node, const char *sql);
/* Until the statement's first cell is `value`. */
void lab_sql_wait(const struct lab_node *node, const char *sql, const char *value);

struct pg_probe *lab_probe(const struct lab_node *node, int64_t interval_ms);
/* Runs the probe until this event; fails on timeout. Others pass. */
void lab_probe_wait(struct pg_probe *probe, enum pg_probe_event event);
/* Until a state for which the predicate holds. */
void lab_probe_until(struct pg_probe *probe, bool (*holds)(const struct pg_state *state));

enum pg_task_status lab_task_wait(struct pg_task *task);
enum pg_rejoin_status lab_rejoin_wait(struct pg_rejoin *rejoin);
struct pg_rejoin *lab_rejoin(const struct lab_node *node);

#endif

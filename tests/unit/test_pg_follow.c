/*
 * pg_follow against real PostgreSQL: however the WAL receiver stands, it moves at once, not after
 * wal_retrieve_retry_interval (5 s). All of it with the documented grants only.
 */
#include "pg_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "checks/pg_follow.h"

#define DECIDE_AGAIN_US 1000000
#define AT_ONCE_US 3500000 /* below the 5 s of a retry, far above the milliseconds it takes */

static struct lab_node db1;
static struct lab_node db2;
static struct lab_node db3;
static struct pg_follow_target target;
static char conninfo[PG_CONNINFO_BYTES_MAX];
static struct pg_task *task;

static void aim(const struct lab_node *node, int port, const char *slot)
{
	struct vip_err err = { "" };

	target = (struct pg_follow_target){ .port = (uint16_t)port, .member = "db3" };
	(void)snprintf(target.host, sizeof(target.host), "%s", node != NULL ? lab_root : "");
	(void)snprintf(target.slot, sizeof(target.slot), "%s", slot);
	conninfo[0] = '\0';
	if (node != NULL && pg_follow_conninfo("user=replicator", &target, NULL, conninfo, &err) < 0) {
		fail_msg("%s", err.text);
	}
}

static void act(enum pg_follow_act what, const struct pg_state *state)
{
	struct pg_script script;
	struct vip_err err = { "" };

	assert_int_equal(pg_follow_script(what, conninfo, target.slot, state, &script, &err), 0);
	assert_int_equal(pg_task_start(task, db3.conninfo, &script, 5000, lab_now(), &err), 0);
	if (lab_task_wait(task) != PG_TASK_DONE) {
		fail_msg("%s", pg_task_sentence(task));
	}
}

static bool done(const struct pg_state *state)
{
	return pg_follow_done(state, &target);
}

static bool hangs(const struct pg_state *state)
{
	return state->receiver_present && !state->streaming && strcmp(state->primary_conninfo, conninfo) == 0;
}

static bool known(const struct pg_state *state)
{
	return state->position_known && strcmp(state->primary_conninfo, conninfo) == 0;
}

static void moved(struct pg_probe *probe, struct vrrp_time begin, const char *what)
{
	struct vrrp_time acted = begin;
	unsigned again = 0;
	int64_t elapsed_us;

	lab_probe_wait(probe, PG_PROBE_STATE);
	while (!done(pg_probe_state(probe))) {
		/*
		 * As the daemon does: what has not worked is decided anew. A reload that comes just when a receiver of
		 * the setting before is starting and fails by itself is lost: the startup process then sleeps.
		 */
		if (lab_elapsed_us(acted) > DECIDE_AGAIN_US) {
			act(pg_follow_decide(pg_probe_state(probe), conninfo, &target), pg_probe_state(probe));
			acted = lab_now();
			again++;
		}
		assert_in_range(lab_elapsed_us(begin), 0, LAB_WAIT_MS * VRRP_US_PER_MS);
		lab_probe_wait(probe, PG_PROBE_STATE);
	}
	elapsed_us = lab_elapsed_us(begin);
	print_message("# %s: %lld us%s\n", what, (long long)elapsed_us, again > 0 ? " (decided anew)" : "");
	assert_in_range(elapsed_us, 0, AT_ONCE_US);
}

static void promote_db2(void)
{
	struct pg_probe *probe;
	struct vrrp_time begin;

	probe = lab_probe(&db2, 10);
	lab_probe_wait(probe, PG_PROBE_STATE);
	begin = lab_now();
	assert_int_equal(pg_probe_promote(probe, begin, vrrp_time_add(begin, LAB_WAIT_MS * VRRP_US_PER_MS), NULL), 0);
	lab_probe_wait(probe, PG_PROBE_PROMOTED);
	pg_probe_free(probe);
}

static int open_all(void **state)
{
	(void)lab_open(state);
	lab_node_init(&db1, "db1", 5611);
	lab_node_init(&db2, "db2", 5612);
	lab_node_init(&db3, "db3", 5613);
	lab_node_standby(&db2, &db1);
	lab_node_standby(&db3, &db1);
	lab_node_start(&db1);
	lab_node_start(&db2);
	lab_node_start(&db3);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "2");
	assert_int_equal(pg_task_new(&task, NULL), 0);
	return 0;
}

static int close_all(void **state)
{
	pg_task_free(task);
	return lab_close(state);
}

/*
 * With its own slot, made by the role vipd. db2 is promoted only then: had db3 gone on receiving from db1 after it, the
 * two would have diverged (db1 writes by itself, too).
 */
static void from_a_living_primary_to_the_next_one(void **state)
{
	struct pg_probe *probe = lab_probe(&db3, 2);
	struct pg_script script = { 0 };
	struct vrrp_time begin;

	(void)state;
	assert_int_equal(
		pg_script_add(&script, "SELECT pg_catalog.pg_create_physical_replication_slot('vipd_db3', true)"), 0);
	assert_int_equal(pg_task_start(task, db2.conninfo, &script, 5000, lab_now(), NULL), 0);
	assert_int_equal(lab_task_wait(task), PG_TASK_DONE);
	aim(&db2, 5612, "vipd_db3");
	lab_probe_wait(probe, PG_PROBE_STATE);
	assert_int_equal(pg_follow_decide(pg_probe_state(probe), conninfo, &target), PG_FOLLOW_SET);
	begin = lab_now();
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	moved(probe, begin, "streaming from A, set to B, streaming from B");
	assert_string_equal(pg_probe_state(probe)->upstream_slot, "vipd_db3");
	assert_int_equal(pg_follow_decide(pg_probe_state(probe), conninfo, &target), PG_FOLLOW_NONE);
	target.timeline = 2; /* not there yet */
	assert_false(done(pg_probe_state(probe)));
	begin = lab_now();
	promote_db2();
	lab_probe_until(probe, done);
	print_message(
		"# B promoted, streaming from it on the new timeline: %lld us\n", (long long)lab_elapsed_us(begin));
	assert_in_range(lab_elapsed_us(begin), 0, AT_ONCE_US);
	assert_true(pg_probe_state(probe)->timeline_exact);
	pg_probe_free(probe);
}

static void to_nobody_and_the_position_is_known(void **state)
{
	struct pg_probe *probe = lab_probe(&db3, 2);
	struct vrrp_time begin;

	(void)state;
	(void)lab_sql(&db2, "INSERT INTO t SELECT generate_series(1, 1000)");
	aim(NULL, 0, "");
	lab_probe_wait(probe, PG_PROBE_STATE);
	begin = lab_now();
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	moved(probe, begin, "emptied, receiver gone");
	lab_probe_until(probe, known);
	print_message("# emptied, position known: %lld us\n", (long long)lab_elapsed_us(begin));
	assert_int_equal(pg_probe_state(probe)->timeline, 2); /* remembered from the receiver of before */
	assert_true(pg_probe_state(probe)->position >= pg_probe_state(probe)->replayed_lsn);
	pg_probe_free(probe);
}

/* The startup process sleeps between two tries: nobody listens where it points. */
static void out_of_the_sleep_between_two_tries(void **state)
{
	struct pg_probe *probe = lab_probe(&db3, 2);
	struct vrrp_time begin;

	(void)state;
	aim(&db1, 5619, "");
	lab_probe_wait(probe, PG_PROBE_STATE);
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	lab_probe_until(probe, known); /* no receiver, asleep */
	aim(&db2, 5612, "vipd_db3");
	begin = lab_now();
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	moved(probe, begin, "asleep before a retry, set");
	pg_probe_free(probe);
}

static int deaf_listener(int port)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%.60s/.s.PGSQL.%d", lab_root, port);
	(void)unlink(name.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(chown(name.sun_path, lab_owner.uid, lab_owner.gid), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* Until the receiver, and no earlier one, waits in its queue. */
static void deaf_has_a_caller(struct pg_probe *probe, int deaf)
{
	struct pollfd fd = { .fd = deaf, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, LAB_WAIT_MS), 1);
	lab_probe_wait(probe, PG_PROBE_STATE);
	lab_probe_until(probe, hangs);
}

/* The receiver connects to somebody who never answers (a dead host behind a live switch). */
static void out_of_a_connect_that_hangs(void **state)
{
	struct pg_probe *probe = lab_probe(&db3, 2);
	int deaf = deaf_listener(5618);
	struct vrrp_time begin;

	(void)state;
	aim(&db1, 5618, "");
	lab_probe_wait(probe, PG_PROBE_STATE);
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	deaf_has_a_caller(probe, deaf);
	aim(&db2, 5612, "vipd_db3");
	begin = lab_now();
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	moved(probe, begin, "hanging in connect, set to another");
	(void)close(deaf);
	pg_probe_free(probe);
}

/* The setting is right, a receiver hangs on what stood there before: a blank more makes PostgreSQL start anew. */
static void a_nudge_frees_a_hanging_receiver_with_the_right_setting(void **state)
{
	struct pg_probe *probe = lab_probe(&db3, 2);
	struct pg_script script = { 0 };
	char path[128];
	char link_path[128];
	struct vrrp_time begin;
	int deaf = deaf_listener(5617);

	(void)state;
	aim(&db2, 5617, "");
	lab_probe_wait(probe, PG_PROBE_STATE);
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	deaf_has_a_caller(probe, deaf);
	/* Now db2 stands there; the old connection still waits in the deaf one's queue. */
	(void)snprintf(path, sizeof(path), "%s/.s.PGSQL.5612", lab_root);
	(void)snprintf(link_path, sizeof(link_path), "%s/.s.PGSQL.5617", lab_root);
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(link(path, link_path), 0);
	assert_int_equal(pg_follow_decide(pg_probe_state(probe), conninfo, &target), PG_FOLLOW_NUDGE);
	/* A reload alone does not help: shown by the receiver's pid, which stays. */
	assert_int_equal(pg_script_add(&script, "SELECT 1"), 0);
	begin = lab_now();
	act(PG_FOLLOW_NUDGE, pg_probe_state(probe));
	moved(probe, begin, "hanging receiver, same setting, nudged");
	lab_probe_wait(probe, PG_PROBE_STATE);
	assert_int_equal(pg_follow_decide(pg_probe_state(probe), conninfo, &target), PG_FOLLOW_NONE);
	(void)close(deaf);
	(void)unlink(link_path);
	pg_probe_free(probe);
}

/* Right setting, no receiver, asleep: a reload makes it try. */
static void a_reload_ends_the_sleep_with_the_right_setting(void **state)
{
	struct pg_probe *probe = lab_probe(&db3, 2);
	char path[128];
	char link_path[128];
	struct vrrp_time begin;

	(void)state;
	aim(&db2, 5616, "vipd_db3");
	lab_probe_wait(probe, PG_PROBE_STATE);
	act(PG_FOLLOW_SET, pg_probe_state(probe));
	lab_probe_until(probe, known);
	(void)snprintf(path, sizeof(path), "%s/.s.PGSQL.5612", lab_root);
	(void)snprintf(link_path, sizeof(link_path), "%s/.s.PGSQL.5616", lab_root);
	assert_int_equal(link(path, link_path), 0);
	assert_int_equal(pg_follow_decide(pg_probe_state(probe), conninfo, &target), PG_FOLLOW_RELOAD);
	begin = lab_now();
	act(PG_FOLLOW_RELOAD, pg_probe_state(probe));
	moved(probe, begin, "asleep, same setting, reloaded");
	(void)unlink(link_path);
	pg_probe_free(probe);
}

static void conninfo_is_quoted_and_cleaned(void **state)
{
	struct pg_follow_target to = { .host = "10.0.0.2", .port = 5433, .slot = "vipd_db3", .member = "db3" };
	char text[PG_CONNINFO_BYTES_MAX];

	(void)state;
	assert_int_equal(pg_follow_conninfo("user=replicator passfile='/etc/vipd/pg pass' host=1.1.1.1 port=1 "
					    "application_name=x password='a\\'b\\\\c'",
				 &to, NULL, text, NULL),
		0);
	assert_string_equal(text,
		"user='replicator' password='a\\'b\\\\c' passfile='/etc/vipd/pg pass' keepalives_idle='10' "
		"keepalives_interval='5' keepalives_count='3' tcp_user_timeout='30000' host='10.0.0.2' "
		"port='5433' application_name='db3'");
	assert_int_equal(
		pg_follow_conninfo("user=r dbname=x keepalives_idle=1 keepalives_interval=2 keepalives_count=4 "
				   "tcp_user_timeout=5",
			&to, "postgres", text, NULL),
		0);
	assert_string_equal(text,
		"user='r' keepalives_idle='1' keepalives_interval='2' keepalives_count='4' tcp_user_timeout='5' "
		"host='10.0.0.2' port='5433' application_name='db3' dbname='postgres'");
	assert_int_equal(pg_follow_conninfo("user='r", &to, NULL, text, NULL), -EINVAL);
	assert_int_equal(pg_follow_conninfo("service=x", &to, NULL, text, NULL), -EINVAL);
	(void)snprintf(to.host, sizeof(to.host), "db2.example.org");
	assert_int_equal(pg_follow_conninfo("user=r", &to, NULL, text, NULL), -EINVAL);
}

static void literals(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(pg_literal("a'b", text, sizeof(text)), 0);
	assert_string_equal(text, "'a''b'");
	assert_int_equal(pg_literal("a\\'b", text, sizeof(text)), 0);
	assert_string_equal(text, "E'a\\\\''b'");
	assert_int_equal(pg_literal("a\nb", text, sizeof(text)), -EINVAL);
	assert_int_equal(pg_literal("'''''''''''''", text, sizeof(text)), -E2BIG);
	assert_int_equal(pg_literal("''''''''''''", text, sizeof(text)), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conninfo_is_quoted_and_cleaned),
		cmocka_unit_test(literals),
		cmocka_unit_test(from_a_living_primary_to_the_next_one),
		cmocka_unit_test(to_nobody_and_the_position_is_known),
		cmocka_unit_test(out_of_the_sleep_between_two_tries),
		cmocka_unit_test(out_of_a_connect_that_hangs),
		cmocka_unit_test(a_nudge_frees_a_hanging_receiver_with_the_right_setting),
		cmocka_unit_test(a_reload_ends_the_sleep_with_the_right_setting),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, open_all, close_all);
}

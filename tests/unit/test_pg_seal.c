/*
 * pg_rejoin_seal against real PostgreSQL: who vouches while it is down must have been a primary, cleanly shut down, and
 * start as a standby of nobody from then on (protocol.md section 7).
 */
#include "pg_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct lab_node db1;
static struct pg_rejoin *rejoin;

static enum pg_rejoin_status seal(void)
{
	struct vip_err err = { "" };

	if (pg_rejoin_seal(rejoin, 10000, lab_now(), &err) < 0) {
		fail_msg("%s", err.text);
	}
	return lab_rejoin_wait(rejoin);
}

static void refused(const char *words)
{
	assert_int_equal(seal(), PG_REJOIN_FAILED);
	assert_int_equal(pg_rejoin_error(rejoin), -EPERM);
	if (strstr(pg_rejoin_sentence(rejoin), words) == NULL) {
		fail_msg("it says: %s", pg_rejoin_sentence(rejoin));
	}
}

static const struct pg_datadir_report *look(void)
{
	assert_int_equal(pg_rejoin_inspect(rejoin, 0, 10000, lab_now(), NULL), 0);
	assert_int_equal(lab_rejoin_wait(rejoin), PG_REJOIN_DONE);
	return pg_rejoin_report(rejoin);
}

static int open_all(void **state)
{
	(void)lab_open(state);
	lab_node_init(&db1, "db1", 5661);
	/* What the operator left in postgresql.conf must not bring it back to an old upstream. */
	lab_node_setting(&db1, "primary_conninfo = 'host=/nowhere port=1'");
	lab_node_start(&db1);
	rejoin = lab_rejoin(&db1);
	return 0;
}

static int close_all(void **state)
{
	pg_rejoin_free(rejoin);
	return lab_close(state);
}

static void a_running_primary_is_not_sealed(void **state)
{
	(void)state;
	refused("running");
	assert_false(look()->standby_signal);
	assert_false(look()->upstream_empty);
}

static void a_crashed_primary_is_not_sealed(void **state)
{
	(void)state;
	lab_node_stop(&db1, "immediate");
	refused("in production");
	assert_false(look()->standby_signal);
	lab_node_start(&db1);
}

static void a_cleanly_shut_down_primary_is_sealed_and_starts_as_a_standby_of_nobody(void **state)
{
	const struct pg_datadir_report *seen = pg_rejoin_report(rejoin);
	vrrp_lsn end;

	(void)state;
	lab_node_stop(&db1, "fast");
	assert_int_equal(seal(), PG_REJOIN_DONE);
	assert_true(seen->standby_signal && seen->upstream_empty && !seen->recovery_signal);
	end = seen->shutdown_end_lsn;
	assert_true(end != 0);
	assert_int_equal(seal(), PG_REJOIN_DONE); /* again is as well */
	assert_true(seen->shutdown_end_lsn == end);
	lab_node_start(&db1);
	assert_string_equal(lab_sql(&db1, "SELECT pg_is_in_recovery()"), "t");
	assert_string_equal(lab_sql(&db1, "SHOW primary_conninfo"), "");
	assert_string_equal(lab_sql(&db1, "SHOW primary_slot_name"), "");
}

/* A standby's `shut down in recovery` can lie far behind what it had flushed. */
static void a_stopped_standby_is_not_sealed(void **state)
{
	(void)state;
	lab_node_stop(&db1, "fast");
	refused("shut down in recovery");
}

/* The last line counts, as for PostgreSQL. */
static void an_upstream_written_later_is_seen(void **state)
{
	struct lab_node file = db1;

	(void)state;
	assert_true(look()->upstream_empty);
	(void)snprintf(file.config, sizeof(file.config), "%.100s/postgresql.auto.conf", db1.data);
	lab_node_setting(&file, "primary_conninfo = 'host=10.0.0.1'");
	assert_false(look()->upstream_empty);
	lab_node_setting(&file, "primary_conninfo = ''");
	assert_true(look()->upstream_empty);
	lab_node_setting(&file, " PRIMARY_CONNINFO='host=10.0.0.2'");
	assert_false(look()->upstream_empty);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_primary_is_not_sealed),
		cmocka_unit_test(a_crashed_primary_is_not_sealed),
		cmocka_unit_test(a_cleanly_shut_down_primary_is_sealed_and_starts_as_a_standby_of_nobody),
		cmocka_unit_test(a_stopped_standby_is_not_sealed),
		cmocka_unit_test(an_upstream_written_later_is_seen),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, open_all, close_all);
}

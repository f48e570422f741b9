/* pg_slot against real PostgreSQL, with the documented grants only. */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/pg_slot.h"

#define OTHERS 0x6 /* all but db1 */
#define KEEP_BYTES (UINT64_C(32) << 20)

static const struct pg_sync_members members = { .count = 3, .name = { "db1", "db-2", "db3" } };
static const char names_sql[] = "SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM pg_replication_slots";

static struct lab_node db1;
static struct lab_node db2;
static struct pg_task *task;

static unsigned run(const struct lab_node *node, bool drop)
{
	static struct pg_script script;
	int result;

	script.count = 1;
	result = drop ? pg_slot_drop_sql(KEEP_BYTES, script.sql[0], sizeof(script.sql[0]))
		      : pg_slot_create_sql(&members, OTHERS, script.sql[0], sizeof(script.sql[0]));
	assert_int_equal(result, 0);
	assert_int_equal(pg_task_start(task, node->conninfo, &script, 10000, lab_now(), NULL), 0);
	if (lab_task_wait(task) != PG_TASK_DONE) {
		fail_msg("%s", pg_task_sentence(task));
	}
	return drop ? pg_task_rows(task)->rows : (unsigned)strtoul(pg_rows_get(pg_task_rows(task), 0, 0), NULL, 10);
}

static void wal(const struct lab_node *node, int segments)
{
	for (int i = 0; i < segments; i++) {
		(void)lab_sql(node, "INSERT INTO t VALUES (1)");
		(void)lab_sql(node, "SELECT pg_switch_wal()");
	}
}

static int open_all(void **state)
{
	(void)lab_open(state);
	lab_node_init(&db1, "db1", 5671);
	lab_node_init(&db2, "db-2", 5672);
	lab_node_standby(&db2, &db1);
	lab_node_setting(&db2, "primary_slot_name = 'vipd_db_2'");
	lab_node_setting(&db2, "wal_retrieve_retry_interval = 50ms");
	lab_node_start(&db1);
	lab_node_start(&db2);
	assert_int_equal(pg_task_new(&task, NULL), 0);
	return 0;
}

static int close_all(void **state)
{
	pg_task_free(task);
	return lab_close(state);
}

static void slots_are_made_once_and_keep_nothing_until_used(void **state)
{
	(void)state;
	assert_int_equal(run(&db1, false), 2);
	assert_string_equal(lab_sql(&db1, names_sql), "vipd_db3,vipd_db_2");
	assert_int_equal(run(&db1, false), 0);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_replication_slots WHERE active", "1");
	assert_string_equal(lab_sql(&db1, "SELECT restart_lsn IS NULL FROM pg_replication_slots"
					  " WHERE slot_name = 'vipd_db3'"),
		"t");
	wal(&db1, 4);
	assert_int_equal(run(&db1, true), 0);
	/* On a standby, too. */
	assert_int_equal(run(&db2, false), 2);
	assert_string_equal(lab_sql(&db2, names_sql), "vipd_db3,vipd_db_2");
	assert_int_equal(run(&db2, true), 0);
}

/* db-2 is away: its slot holds WAL, up to the limit. */
static void who_is_away_for_too_long_loses_its_slot(void **state)
{
	(void)state;
	(void)lab_sql(&db1, "CHECKPOINT"); /* what is reserved begins there */
	(void)lab_sql(&db1, "SELECT pg_create_physical_replication_slot('backup', true)");
	(void)lab_sql(&db1, "SELECT pg_create_physical_replication_slot('vipd_gone', true)");
	lab_sql_wait(
		&db1, "SELECT restart_lsn = pg_current_wal_flush_lsn() FROM pg_replication_slots WHERE active", "t");
	lab_node_stop(&db2, "fast");
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_replication_slots WHERE active", "0");
	wal(&db1, 1);
	assert_int_equal(run(&db1, true), 0); /* below the limit */
	wal(&db1, 3);
	assert_int_equal(run(&db1, true), 2);
	assert_string_equal(lab_sql(&db1, names_sql), "backup,vipd_db3");
	assert_int_equal(run(&db1, false), 1);
	assert_string_equal(lab_sql(&db1, names_sql), "backup,vipd_db3,vipd_db_2");
	assert_string_equal(lab_sql(&db1, "SELECT restart_lsn IS NULL FROM pg_replication_slots"
					  " WHERE slot_name = 'vipd_db_2'"),
		"t");
	lab_node_start(&db2);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_replication_slots WHERE active", "1");
}

/* One that PostgreSQL itself has given up cannot be used again. */
static void one_that_is_lost_is_made_anew(void **state)
{
	(void)state;
	(void)lab_sql(&db1, "SELECT pg_drop_replication_slot('backup')");
	lab_node_stop(&db2, "fast");
	(void)lab_sql(&db1, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
	(void)lab_sql(&db1, "ALTER SYSTEM SET wal_keep_size = 0");
	(void)lab_sql(&db1, "SELECT pg_reload_conf()");
	wal(&db1, 3);
	(void)lab_sql(&db1, "CHECKPOINT");
	lab_sql_wait(&db1, "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'vipd_db_2'", "lost");
	assert_int_equal(run(&db1, true), 1);
	assert_int_equal(run(&db1, false), 1);
	assert_string_equal(
		lab_sql(&db1,
			"SELECT coalesce(wal_status, 'new') FROM pg_replication_slots WHERE slot_name = 'vipd_db_2'"),
		"new");
}

/* A primary that has become a standby: what its standbys left there would hold WAL for ever. */
static void on_a_standby_none_keeps_wal(void **state)
{
	char path[192];

	(void)state;
	(void)lab_sql(&db1, "SELECT pg_create_physical_replication_slot('backup', true)");
	(void)lab_sql(&db1, "SELECT pg_drop_replication_slot('vipd_db3')");
	(void)lab_sql(&db1, "SELECT pg_create_physical_replication_slot('vipd_db3', true)");
	lab_node_stop(&db1, "fast");
	(void)snprintf(path, sizeof(path), "%s/standby.signal", db1.data);
	(void)lab_run(0, "/usr/bin/touch", path, NULL);
	lab_node_start(&db1);
	assert_string_equal(lab_sql(&db1, "SELECT pg_is_in_recovery()"), "t");
	assert_int_equal(run(&db1, true), 1);
	assert_string_equal(lab_sql(&db1, names_sql), "backup,vipd_db_2");
	assert_int_equal(run(&db1, false), 1);
	assert_int_equal(run(&db1, true), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_made_once_and_keep_nothing_until_used),
		cmocka_unit_test(who_is_away_for_too_long_loses_its_slot),
		cmocka_unit_test(one_that_is_lost_is_made_anew),
		cmocka_unit_test(on_a_standby_none_keeps_wal),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, open_all, close_all);
}

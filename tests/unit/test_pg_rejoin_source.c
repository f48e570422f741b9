/*
 * pg_rejoin against real PostgreSQL: a source that becomes another one while it is rewound from. pg_rewind goes by
 * timeline numbers, so what it did then is worth nothing, though it ended well. (That a rewind from a source that stays
 * what it was goes well is test_pg_rejoin's; this directory cannot be rewound once more: pg_rewind does not find the
 * WAL.)
 */
#include "pg_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_follow.h"

static struct lab_node db1;
static struct lab_node db2;
static char rewind_db2[PG_CONNINFO_BYTES_MAX];
static char tools[128];

/* A pg_rewind that does its work, and behind which the source restarts and is promoted again. */
static const char script[] =
	"mkdir -p \"$1\" && ln -s " LAB_BIN "/* \"$1\"/ && rm \"$1/pg_rewind\" && cat >\"$1/pg_rewind\" <<EOF\n"
	"#!/bin/sh\n" LAB_BIN "/pg_rewind \"\\$@\" || exit\n"
	"exec </dev/null >>\"$3/again.log\" 2>&1\n"
	"touch \"$2/standby.signal\"\n" LAB_BIN "/pg_ctl -D \"$2\" -w -m fast -l \"$3/again.log\" restart\n" LAB_BIN
	"/pg_ctl -D \"$2\" -w promote\n" LAB_BIN "/psql -h \"$3\" -p 5632 -d postgres -c CHECKPOINT\n"
	"true\n"
	"EOF\n"
	"chmod 755 \"$1/pg_rewind\"";

static int open_all(void **state)
{
	struct pg_follow_target target = { .port = 5632 };

	(void)lab_open(state);
	lab_node_init(&db1, "db1", 5631);
	lab_node_init(&db2, "db2", 5632);
	lab_node_standby(&db2, &db1);
	lab_node_start(&db1);
	lab_node_start(&db2);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1");
	(void)snprintf(target.host, sizeof(target.host), "%s", lab_root);
	(void)snprintf(target.member, sizeof(target.member), "db1");
	assert_int_equal(pg_follow_conninfo("user=replicator", &target, "postgres", rewind_db2, NULL), 0);
	(void)snprintf(tools, sizeof(tools), "%s/tools", lab_root);
	(void)lab_run(0, "/bin/sh", "-c", script, "sh", tools, db2.data, lab_root, NULL);
	return 0;
}

static struct pg_rejoin *rejoin_with(const char *bin_directory)
{
	struct pg_rejoin_config config = { .self = "/proc/self/exe", .owner = lab_owner };
	struct pg_rejoin *rejoin;

	(void)snprintf(config.bin_directory, sizeof(config.bin_directory), "%s", bin_directory);
	(void)snprintf(config.data_directory, sizeof(config.data_directory), "%s", db1.data);
	(void)snprintf(config.log_file, sizeof(config.log_file), "%s/db1.log", lab_root);
	assert_int_equal(pg_rejoin_new(&config, &rejoin, NULL), 0);
	return rejoin;
}

static void a_source_that_was_promoted_again_meanwhile_is_noticed(void **state)
{
	struct pg_rejoin *rejoin = rejoin_with(tools);
	struct vip_err err = { "" };

	(void)state;
	(void)lab_run(0, "/bin/sh", "-c", LAB_BIN "/pg_ctl -D \"$1\" -w promote", "sh", db2.data, NULL);
	(void)lab_sql(&db2, "CHECKPOINT");
	(void)lab_sql(&db1, "INSERT INTO t SELECT generate_series(1, 100)");
	lab_node_stop(&db1, "fast");
	assert_int_equal(pg_rejoin_rewind(rejoin, rewind_db2, 2, 0, 60000, lab_now(), &err), 0);
	assert_int_equal(lab_rejoin_wait(rejoin), PG_REJOIN_FAILED);
	print_message("# %s\n", pg_rejoin_sentence(rejoin));
	/* Not -ESTALE, which says that nothing was touched. */
	assert_int_equal(pg_rejoin_error(rejoin), -ENOTRECOVERABLE);
	assert_string_equal(lab_sql(&db2, "SELECT timeline_id FROM pg_control_checkpoint()"), "3");
	pg_rejoin_free(rejoin);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_that_was_promoted_again_meanwhile_is_noticed),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, open_all, lab_close);
}

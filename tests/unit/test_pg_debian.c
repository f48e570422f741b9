/*
 * Debian's layout: configuration in /etc, not in the data directory. A cluster made by pg_createcluster becomes a clone
 * of another, is started, promoted, killed, rewound: all with config_file given or found in postmaster.opts.
 */
#include "pg_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks/pg_follow.h"

static struct lab_node db1;
static struct lab_node deb;
static char cluster[32];
static char to_db1[PG_CONNINFO_BYTES_MAX];
static char rewind_db1[PG_CONNINFO_BYTES_MAX];

static bool is_streaming(const struct pg_state *state)
{
	return state->streaming;
}

static void as_root(const char *command)
{
	/* A test's own words, and the root of its temporary directory. */
	if (system(command) != 0) {
		fail_msg("%s", command);
	}
}

static void finish(struct pg_rejoin *rejoin)
{
	if (lab_rejoin_wait(rejoin) != PG_REJOIN_DONE) {
		fail_msg("%d %s", pg_rejoin_error(rejoin), pg_rejoin_sentence(rejoin));
	}
}

static int open_all(void **state)
{
	struct pg_follow_target target = { .port = 5631, .member = "deb" };
	char command[512];

	(void)lab_open(state);
	lab_node_init(&db1, "db1", 5631);
	lab_node_start(&db1);
	(void)snprintf(cluster, sizeof(cluster), "vipdtest%d", (int)getpid());
	(void)snprintf(command, sizeof(command),
		"pg_createcluster -d %s/deb --socketdir %s -p 5632 15 %s -- -A trust --no-sync >/dev/null 2>&1",
		lab_root, lab_root, cluster);
	as_root(command);
	/* Its data directory becomes a clone's; registered with the lab so that it is stopped whatever happens. */
	lab_node_init(&deb, "spare", 5632);
	(void)snprintf(deb.name, sizeof(deb.name), "deb");
	(void)snprintf(deb.data, sizeof(deb.data), "%s/deb", lab_root);
	(void)snprintf(deb.config, sizeof(deb.config), "/etc/postgresql/15/%s/postgresql.conf", cluster);
	lab_node_setting(&deb,
		"fsync = off\nwal_log_hints = on\nlisten_addresses = ''\nmax_wal_senders = 10\nwal_keep_size = 128MB");
	(void)snprintf(command, sizeof(command),
		"printf 'local all all trust\\nlocal replication all trust\\n'"
		" >/etc/postgresql/15/%s/pg_hba.conf",
		cluster);
	as_root(command);
	(void)snprintf(target.host, sizeof(target.host), "%s", lab_root);
	assert_int_equal(pg_follow_conninfo("user=replicator", &target, NULL, to_db1, NULL), 0);
	assert_int_equal(pg_follow_conninfo("user=replicator", &target, "postgres", rewind_db1, NULL), 0);
	return 0;
}

static int close_all(void **state)
{
	char command[256];

	(void)lab_run(-1, LAB_BIN "/pg_ctl", "stop", "-s", "-m", "immediate", "-D", deb.data, NULL);
	(void)snprintf(command, sizeof(command),
		"pg_dropcluster --stop 15 %s >/dev/null 2>&1; rm -rf /etc/postgresql/15/%s", cluster, cluster);
	(void)!system(command);
	return lab_close(state);
}

static void streams(void)
{
	struct pg_probe *probe = lab_probe(&deb, 10);

	lab_probe_until(probe, is_streaming);
	pg_probe_free(probe);
}

static void the_cluster_becomes_a_clone(void **state)
{
	struct pg_rejoin *rejoin = lab_rejoin(&deb);

	(void)state;
	assert_int_equal(pg_rejoin_clone(rejoin, to_db1, "", 60000, lab_now(), NULL), 0);
	finish(rejoin);
	assert_int_equal(pg_rejoin_start(rejoin, to_db1, "", 20000, lab_now(), NULL), 0);
	finish(rejoin);
	streams();
	assert_string_equal(lab_sql(&deb, "SELECT current_setting('config_file')"), deb.config);
	pg_rejoin_free(rejoin);
}

static void status_line(pid_t pid, const char *file, const char *key, char *ret_line, size_t size)
{
	char path[64];
	FILE *from;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	from = fopen(path, "r");
	assert_non_null(from);
	do {
		if (fgets(ret_line, (int)size, from) == NULL) {
			fail_msg("no %s in %s", key, path);
		}
	} while (strncmp(ret_line, key, strlen(key)) != 0);
	(void)fclose(from);
}

/* The postmaster that we started lives outside of us. */
static void the_postmaster_inherits_nothing(void **state)
{
	pid_t pid = lab_node_pid(&deb);
	char line[512];
	int uid = -1;

	(void)state;
	assert_int_equal(getsid(pid), pid);
	status_line(pid, "status", "Uid:", line, sizeof(line));
	assert_int_equal(sscanf(line, "Uid: %d", &uid), 1);
	assert_int_equal(uid, lab_owner.uid);
	status_line(pid, "status", "CapEff:", line, sizeof(line));
	assert_string_equal(line, "CapEff:\t0000000000000000\n");
	status_line(pid, "status", "PPid:", line, sizeof(line));
	assert_int_not_equal(atoi(line + 5), (int)getpid());
	status_line(pid, "sched", "policy", line, sizeof(line));
	assert_int_equal(atoi(strchr(line, ':') + 1), 0);
	status_line(pid, "oom_score_adj", "", line, sizeof(line));
	assert_string_equal(line, "0\n");
}

static void its_configuration_is_found_in_postmaster_opts(void **state)
{
	struct lab_node unknown = deb;
	struct pg_rejoin *rejoin;

	(void)state;
	unknown.config[0] = '\0';
	rejoin = lab_rejoin(&unknown);
	assert_int_equal(pg_rejoin_inspect(rejoin, 0, 10000, lab_now(), NULL), 0);
	finish(rejoin);
	assert_string_equal(pg_rejoin_report(rejoin)->config_file, deb.config);
	assert_true(pg_rejoin_report(rejoin)->postmaster_alive);
	pg_rejoin_free(rejoin);
}

/* Promoted, killed, rewound: crash recovery in single-user mode needs config_file here. Nobody tells it where. */
static void it_is_rewound(void **state)
{
	struct lab_node unknown = deb;
	struct pg_rejoin *rejoin;
	struct pg_probe *probe = lab_probe(&deb, 10);
	struct vrrp_time begin = lab_now();
	struct vip_err err = { "" };

	(void)state;
	lab_probe_wait(probe, PG_PROBE_STATE);
	assert_int_equal(pg_probe_promote(probe, begin, vrrp_time_add(begin, LAB_WAIT_MS * VRRP_US_PER_MS), NULL), 0);
	lab_probe_wait(probe, PG_PROBE_PROMOTED);
	pg_probe_free(probe);
	(void)lab_sql(&deb, "INSERT INTO t SELECT 5 FROM generate_series(1, 100)");
	(void)lab_sql(&db1, "INSERT INTO t SELECT 6 FROM generate_series(1, 100)");
	lab_node_kill(&deb, SIGKILL);
	unknown.config[0] = '\0';
	rejoin = lab_rejoin(&unknown);
	/* The orphans of a killed postmaster first. */
	assert_int_equal(pg_rejoin_stop(rejoin, PG_STOP_IMMEDIATE, true, -1, 10000, lab_now(), &err), 0);
	finish(rejoin);
	assert_int_equal(pg_rejoin_rewind(rejoin, rewind_db1, 1, 0, 60000, lab_now(), &err), 0);
	finish(rejoin);
	assert_int_equal(pg_rejoin_start(rejoin, to_db1, "", 20000, lab_now(), &err), 0);
	finish(rejoin);
	streams();
	lab_sql_wait(
		&deb, "SELECT count(*) FILTER (WHERE n = 5) || ',' || count(*) FILTER (WHERE n = 6) FROM t", "0,100");
	pg_rejoin_free(rejoin);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cluster_becomes_a_clone),
		cmocka_unit_test(the_postmaster_inherits_nothing),
		cmocka_unit_test(its_configuration_is_found_in_postmaster_opts),
		cmocka_unit_test(it_is_rewound),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, open_all, close_all);
}

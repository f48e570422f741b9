/* pg_probe against a real PostgreSQL: state, promotion, the death of the postmaster. */
#include "pg_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct lab_node db1;
static struct lab_node db2;

static bool is_primary(const struct pg_state *state)
{
	return !state->in_recovery;
}

static bool is_streaming(const struct pg_state *state)
{
	return state->streaming;
}

static void state_of_a_primary_with_documented_grants(void **state)
{
	struct pg_probe *probe;
	const struct pg_state *seen;

	(void)state;
	lab_node_init(&db1, "db1", 5601);
	lab_node_start(&db1);
	probe = lab_probe(&db1, 1000);
	lab_probe_until(probe, is_primary);
	seen = pg_probe_state(probe);
	assert_int_equal(seen->server_version_num / 10000, 15);
	assert_int_equal(seen->timeline, 1);
	assert_true(seen->timeline_exact && seen->position_known);
	assert_int_equal(seen->position, seen->flush_lsn);
	assert_true(seen->wal_log_hints && seen->hot_standby && !seen->fsync && !seen->data_checksums);
	assert_int_equal(seen->wal_segment_bytes, 16 * 1024 * 1024);
	assert_int_equal(seen->port, 5601);
	assert_string_equal(seen->synchronous_commit, "on");
	/* The listener's pid, as SO_PEERCRED tells it, is the postmaster's. */
	assert_int_equal(pg_probe_postmaster(probe), lab_node_pid(&db1));
	pg_probe_free(probe);
}

static void a_standby_streams(void **state)
{
	struct pg_probe *probe;
	const struct pg_state *seen;

	(void)state;
	lab_node_init(&db2, "db2", 5602);
	lab_node_standby(&db2, &db1);
	lab_node_start(&db2);
	probe = lab_probe(&db2, 10);
	lab_probe_until(probe, is_streaming);
	seen = pg_probe_state(probe);
	assert_true(seen->in_recovery && seen->receiver_present && !seen->position_known);
	assert_string_equal(seen->upstream_host, lab_root);
	assert_int_equal(seen->upstream_port, 5601);
	assert_true(seen->timeline_exact);
	assert_int_equal(seen->timeline, 1);
	assert_non_null(strstr(seen->primary_conninfo, "application_name=db2"));
	assert_string_equal(lab_sql(&db1, "SELECT count(*) FROM pg_stat_replication"), "1");
	pg_probe_free(probe);
}

/*
 * The WAL writer flushes whole pages, and the walsender sends what is flushed: a standby may have the beginning of a
 * record when its primary dies.
 */
#define TORN "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"

static void kill_9_of_the_postmaster_is_seen_at_once(void **state)
{
	struct pg_probe *probe = lab_probe(&db1, 10000);
	struct vrrp_time begin;
	int64_t elapsed_us;

	(void)state;
	lab_probe_until(probe, is_primary);
	(void)lab_sql(&db1, "SELECT pg_logical_emit_message(false, 'torn', repeat('x', 50000))");
	lab_sql_wait(&db2, TORN, "t"); /* nobody asks for the rest of it to be flushed */
	begin = lab_now();
	lab_node_kill(&db1, SIGKILL);
	lab_probe_wait(probe, PG_PROBE_DEAD);
	elapsed_us = lab_elapsed_us(begin);
	print_message("# kill -9 to DEAD: %lld us\n", (long long)elapsed_us);
	assert_in_range(elapsed_us, 0, 1000000); /* the next probe would have been 10 s later */
	assert_int_equal(pg_probe_postmaster(probe), 0);
	assert_int_equal(pg_probe_reason(probe), PG_REASON_DOWN);
	pg_probe_free(probe);
}

static bool is_at_the_end(const struct pg_state *state)
{
	return state->position_known;
}

/* It is no part of a standby's position: it would be taken for a tail that another lacks. */
static void the_beginning_of_a_record_is_not_counted(void **state)
{
	struct pg_probe *probe = lab_probe(&db2, 10);
	const struct pg_state *seen;

	(void)state;
	lab_probe_until(probe, is_at_the_end);
	assert_string_equal(lab_sql(&db2, TORN), "t");
	seen = pg_probe_state(probe);
	assert_true(seen->received_lsn > seen->replayed_lsn);
	assert_int_equal(seen->position, seen->replayed_lsn);
	pg_probe_free(probe);
}

static void promotion_is_proved_and_the_new_timeline_known_before_any_checkpoint(void **state)
{
	struct pg_probe *probe = lab_probe(&db2, 10000);
	struct vrrp_time begin;
	const struct pg_state *seen;

	(void)state;
	lab_probe_wait(probe, PG_PROBE_STATE);
	begin = lab_now();
	assert_int_equal(pg_probe_promote(probe, begin, vrrp_time_add(begin, LAB_WAIT_MS * VRRP_US_PER_MS), NULL), 0);
	assert_int_equal(pg_probe_promote(probe, begin, vrrp_time_add(begin, 1), NULL), -EALREADY);
	lab_probe_wait(probe, PG_PROBE_PROMOTED);
	print_message("# pg_promote to proof: %lld us\n", (long long)lab_elapsed_us(begin));
	seen = pg_probe_state(probe);
	assert_false(seen->in_recovery);
	assert_int_equal(seen->timeline, 2);
	assert_true(seen->position_known && seen->flush_lsn > 0);
	assert_string_equal(lab_sql(&db2, "INSERT INTO t VALUES (1) RETURNING 1"), "1");
	/* Once more: it is out of recovery already, which is as good. */
	begin = lab_now();
	assert_int_equal(pg_probe_promote(probe, begin, vrrp_time_add(begin, VRRP_US_PER_S), NULL), 0);
	lab_probe_wait(probe, PG_PROBE_PROMOTED);
	pg_probe_free(probe);
}

static void a_promotion_not_done_in_time_fails_once(void **state)
{
	struct pg_probe *probe = lab_probe(&db2, 10000);
	struct vrrp_time begin;

	(void)state;
	lab_probe_wait(probe, PG_PROBE_STATE);
	begin = lab_now();
	/* The deadline has passed before the answer can be there. */
	assert_int_equal(pg_probe_promote(probe, begin, begin, NULL), 0);
	lab_probe_wait(probe, PG_PROBE_PROMOTE_FAILED);
	assert_int_equal(pg_probe_run(probe, lab_now()), PG_PROBE_NONE);
	pg_probe_free(probe);
}

static void reasons_are_told_apart(void **state)
{
	struct lab_node wrong = db2;
	struct pg_probe *probe;

	(void)state;
	(void)snprintf(wrong.conninfo, sizeof(wrong.conninfo), "host=%s port=5999 user=vipd", lab_root);
	probe = lab_probe(&wrong, 1000);
	lab_probe_wait(probe, PG_PROBE_DOWN);
	assert_int_equal(pg_probe_reason(probe), PG_REASON_DOWN);
	pg_probe_free(probe);

	(void)snprintf(
		wrong.conninfo, sizeof(wrong.conninfo), "host=%s port=5602 user=nobody dbname=postgres", lab_root);
	probe = lab_probe(&wrong, 1000);
	lab_probe_wait(probe, PG_PROBE_DOWN);
	assert_int_equal(pg_probe_reason(probe), PG_REASON_AUTHENTICATION);
	assert_non_null(strstr(pg_probe_sentence(probe), "nobody"));
	pg_probe_free(probe);

	(void)lab_sql(&db2, "ALTER ROLE vipd CONNECTION LIMIT 0");
	probe = lab_probe(&db2, 1000);
	lab_probe_wait(probe, PG_PROBE_DOWN);
	assert_int_equal(pg_probe_reason(probe), PG_REASON_TOO_MANY);
	(void)lab_sql(&db2, "ALTER ROLE vipd CONNECTION LIMIT -1");
	lab_probe_wait(probe, PG_PROBE_STATE);
	pg_probe_free(probe);
}

static void a_host_name_or_service_is_refused(void **state)
{
	struct pg_probe_config config = { .interval_ms = 1, .timeout_ms = 1 };
	struct pg_probe *probe;
	struct vip_err err = { "" };

	(void)state;
	(void)snprintf(config.conninfo, sizeof(config.conninfo), "host=db.example.org user=vipd");
	assert_int_equal(pg_probe_new(&config, lab_now(), &probe, &err), -EINVAL);
	assert_non_null(strstr(err.text, "db.example.org"));
	(void)snprintf(config.conninfo, sizeof(config.conninfo), "service=prod");
	assert_int_equal(pg_probe_new(&config, lab_now(), &probe, &err), -EINVAL);
	(void)snprintf(config.conninfo, sizeof(config.conninfo), "host=10.0.0.1,10.0.0.2");
	assert_int_equal(pg_probe_new(&config, lab_now(), &probe, &err), -EINVAL);
}

/* The next event, whatever it is. */
static enum pg_probe_event next_event(struct pg_probe *probe)
{
	struct vrrp_time end = vrrp_time_add(lab_now(), LAB_WAIT_MS * VRRP_US_PER_MS);
	int fd = pg_probe_fd(probe);

	while (vrrp_time_before(lab_now(), end)) {
		enum pg_probe_event event = pg_probe_run(probe, lab_now());

		if (event != PG_PROBE_NONE) {
			return event;
		}
		lab_poll(&fd, 1, vrrp_time_min(pg_probe_deadline(probe), end));
	}
	fail_msg("no event in time");
	return PG_PROBE_NONE;
}

/* Whoever ends all sessions ("pg_terminate_backend ... WHERE pid <> pg_backend_pid()") ends ours, not PostgreSQL. */
static void a_session_that_is_ended_is_not_the_end_of_postgresql(void **state)
{
	static const char end_it[] = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
				     " WHERE usename = 'vipd'";
	struct pg_probe *probe = lab_probe(&db2, 10000);
	pid_t postmaster;

	(void)state;
	lab_probe_until(probe, is_primary);
	postmaster = pg_probe_postmaster(probe);
	for (unsigned i = 0; i < 3; i++) {
		enum pg_probe_event event;
		struct vrrp_time begin = lab_now();

		assert_string_equal(lab_sql(&db2, end_it), "1");
		event = next_event(probe);
		if (i == 0 || event == PG_PROBE_ENDED) {
			assert_int_equal(event, PG_PROBE_ENDED);
			assert_non_null(strstr(pg_probe_sentence(probe), "connection"));
			event = next_event(probe);
		}
		assert_int_equal(event, PG_PROBE_STATE);
		assert_int_equal(pg_probe_reason(probe), PG_REASON_NONE);
		assert_int_equal(pg_probe_postmaster(probe), postmaster);
		print_message("# looked again after %lld us\n", (long long)lab_elapsed_us(begin));
	}
	pg_probe_free(probe);
}

/* Where each new connection is of no use, connecting is not repeated without a pause. */
static void a_useless_connection_is_followed_by_pauses(void **state)
{
	struct pg_probe *probe;
	struct vrrp_time end;
	unsigned runs = 0;
	int fd;

	(void)state;
	(void)lab_sql(&db2, "SET allow_system_table_mods = on; ALTER FUNCTION pg_is_wal_replay_paused()"
			    " RENAME TO hidden_replay_paused");
	probe = lab_probe(&db2, 1000);
	lab_probe_wait(probe, PG_PROBE_DOWN);
	assert_int_equal(pg_probe_reason(probe), PG_REASON_SQL);
	end = vrrp_time_add(lab_now(), 500 * VRRP_US_PER_MS);
	fd = pg_probe_fd(probe);
	for (; vrrp_time_before(lab_now(), end); runs++) {
		assert_int_equal(pg_probe_run(probe, lab_now()), PG_PROBE_NONE);
		lab_poll(&fd, 1, vrrp_time_min(pg_probe_deadline(probe), end));
	}
	print_message("# %u runs\n", runs);
	assert_in_range(runs, 1, 60); /* 5, 10, 20 ... ms between connections (25 runs); 131 without pauses */
	(void)lab_sql(&db2, "SET allow_system_table_mods = on; ALTER FUNCTION hidden_replay_paused()"
			    " RENAME TO pg_is_wal_replay_paused");
	lab_probe_wait(probe, PG_PROBE_STATE);
	pg_probe_free(probe);
}

static void a_clean_stop_is_dead_too_and_the_restart_is_found(void **state)
{
	struct pg_probe *probe = lab_probe(&db2, 10000);

	(void)state;
	lab_probe_until(probe, is_primary);
	lab_node_stop(&db2, "fast");
	lab_probe_wait(probe, PG_PROBE_DEAD);
	lab_node_start(&db2);
	pg_probe_now(probe, lab_now());
	lab_probe_until(probe, is_primary);
	assert_int_equal(pg_probe_postmaster(probe), lab_node_pid(&db2));
	assert_int_equal(pg_probe_postmaster_signal(probe, 0, NULL), 0);
	pg_probe_free(probe);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_of_a_primary_with_documented_grants),
		cmocka_unit_test(a_standby_streams),
		cmocka_unit_test(kill_9_of_the_postmaster_is_seen_at_once),
		cmocka_unit_test(the_beginning_of_a_record_is_not_counted),
		cmocka_unit_test(promotion_is_proved_and_the_new_timeline_known_before_any_checkpoint),
		cmocka_unit_test(a_promotion_not_done_in_time_fails_once),
		cmocka_unit_test(reasons_are_told_apart),
		cmocka_unit_test(a_host_name_or_service_is_refused),
		cmocka_unit_test(a_session_that_is_ended_is_not_the_end_of_postgresql),
		cmocka_unit_test(a_useless_connection_is_followed_by_pauses),
		cmocka_unit_test(a_clean_stop_is_dead_too_and_the_restart_is_found),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, lab_open, lab_close);
}

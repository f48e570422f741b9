/*
 * The JSON of `vipctl status`: product.md's stable core, from the holder's, a standby's and a lonely member's view, and
 * the table that vipctl makes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/status_lab.h"
#include "vipd/vipctl_table.h"

static void holder_view(void **state)
{
	const json_t *status;

	(void)state;
	master_make(3);
	status = status_make();
	assert_value(status, "name", "\"orders\"");
	assert_value(status, "vrid", "51");
	assert_value(status, "state", "\"MASTER\"");
	assert_value(status, "fault_reasons", "[]");
	assert_value(status, "holder", "\"db1\"");
	assert_value(status, "ballot", "\"12.1.abc\"");
	assert_value(status, "lease_ms", "1000");
	assert_value(status, "lease_remaining_ms", "970");
	assert_value(status, "grants", "3");
	assert_value(status, "members_total", "3");
	assert_value(status, "quorum", "\"majority\"");
	assert_value(status, "durability", "\"async\"");
	assert_value(status, "paused", "false");
	assert_value(status, "at_risk_bytes", "0");
	assert_value(status, "addresses",
		"[{\"address\":\"10.0.0.10/24\",\"interface\":\"eth0\",\"bound\":true,\"gate\":\"open\","
		"\"dropped_in\":null,\"dropped_out\":null},"
		"{\"address\":\"2001:db8::10/64\",\"interface\":\"eth1\",\"bound\":true,\"gate\":\"open\","
		"\"dropped_in\":null,\"dropped_out\":null}]");
	assert_value(status, "gate_counts",
		"{\"put_back\":0,\"addresses_put_back\":0,\"late\":0,\"rejected\":null,\"dropped_adverts\":null}");
	assert_value(member(DB1), "postgresql",
		"{\"role\":\"primary\",\"timeline\":4,\"received_lsn\":\"0/5A3F2C8\",\"replayed_lsn\":\"0/5A3F2C8\","
		"\"lag_bytes\":null,\"streaming\":false}");
	assert_value(member(DB1), "heard_ms", "0");
	assert_value(member(DB2), "name", "\"db2\"");
	assert_value(member(DB2), "address", "\"10.0.0.2\"");
	assert_value(member(DB2), "state", "\"BACKUP\"");
	assert_value(member(DB2), "heard_ms", "40");
	assert_value(member(DB2), "priority", "100");
	assert_value(member(DB2), "witness", "false");
	assert_value(member(DB2), "eligible", "true");
	assert_value(member(DB2), "why_not", "[]");
	assert_value(member(DB2), "postgresql",
		"{\"role\":\"standby\",\"timeline\":4,\"received_lsn\":\"0/5A3F2C8\",\"replayed_lsn\":\"0/5A3F2C8\","
		"\"lag_bytes\":0,\"streaming\":true}");
	assert_value(member(W1), "state", "\"WITNESS\"");
	assert_value(member(W1), "eligible", "false");
	assert_value(member(W1), "why_not", "[]");
	assert_value(member(W1), "postgresql", "null");
	assert_value(member(W1), "granted_to", "\"db1\"");
}

/* product.md's own picture. */
static void the_table_of_the_handbook(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	master_make(3);
	host.config.instance[0].address_count = 1;
	vipctl_table_print(out, status_make());
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text,
		"orders  vrid 51  10.0.0.10/24 on db1  lease 0.97s of 1s, 3 of 3 grant  gate open  durability async\n"
		"MEMBER  STATE    POSTGRESQL  TIMELINE  LSN         LAG  PRIO  NOTE\n"
		"db1     MASTER   primary            4  0/5A3F2C8     -   150\n"
		"db2     BACKUP   streaming          4  0/5A3F2C8  0 kB   100  would take over now, losing 0 bytes\n"
		"w1      WITNESS  -                  -  -             -     -\n");
	free(text);
	assert_true(vipctl_is_primary(NULL, host.json));
	assert_false(vipctl_is_replica(NULL, host.json));
	host_make(DB2, 3);
	assert_false(vipctl_is_primary(NULL, status_make()));
	assert_true(vipctl_is_replica(NULL, host.json));
}

static void standby_view(void **state)
{
	const json_t *status;

	(void)state;
	host_make(DB2, 3);
	status = status_make();
	assert_value(status, "state", "\"BACKUP\"");
	assert_value(status, "holder", "\"db1\"");
	assert_value(status, "ballot", "\"12.1.abc\"");
	assert_value(status, "lease_remaining_ms", "900");
	assert_value(status, "grants", "3");
	assert_value(status, "at_risk_bytes", "0");
	assert_value(status, "node", "\"db2\"");
	assert_value(member(DB2), "heard_ms", "0");
	assert_string_equal(note(DB2), "would take over now, losing 0 bytes");
	host.core.peer[W1].report.grant.remaining_ms = 40; /* as long ago as it was heard */
	host.core.grant.expires = host.input.now;
	status = status_make();
	assert_value(status, "grants", "1");
	assert_value(status, "lease_remaining_ms", "null");
	assert_value(member(W1), "granted_to", "null");
	host.core.peer[W1].report.grant.remaining_ms = 900;
	host.core.peer[W1].report.grant.ballot.counter = 11; /* of the ballot before */
	assert_value(status_make(), "grants", "1");
	assert_value(member(W1), "granted_to", "\"db1\"");
}

/* Everything that product.md promises is there, also where nothing is known. */
static void stable_core(void **state)
{
	static const char *const instance_keys[] = { "name", "vrid", "state", "fault_reasons", "holder", "ballot",
		"lease_ms", "lease_remaining_ms", "grants", "members_total", "quorum", "durability", "paused",
		"addresses", "members", "at_risk_bytes" };
	static const char *const member_keys[] = { "name", "address", "state", "heard_ms", "priority", "witness",
		"eligible", "why_not", "postgresql" };
	static const char *const postgresql_keys[] = { "role", "timeline", "received_lsn", "replayed_lsn", "lag_bytes",
		"streaming" };
	json_t *answer;

	(void)state;
	master_make(3);
	for (unsigned lonely = 0; lonely < 2; lonely++) {
		status_make();
		for (size_t i = 0; i < VRRP_ARRAY_LENGTH(instance_keys); i++) {
			assert_non_null(json_object_get(host.json, instance_keys[i]));
		}
		for (int index = DB1; index <= W1; index++) {
			const json_t *postgresql = json_object_get(member(index), "postgresql");

			for (size_t i = 0; i < VRRP_ARRAY_LENGTH(member_keys); i++) {
				assert_non_null(json_object_get(member(index), member_keys[i]));
			}
			for (size_t i = 0; index != W1 && i < VRRP_ARRAY_LENGTH(postgresql_keys); i++) {
				assert_non_null(json_object_get(postgresql, postgresql_keys[i]));
			}
		}
		memset(host.core.peer, 0, sizeof(host.core.peer));
	}
	answer = status_new("db1", "0.1", json_pack("[O]", host.json));
	assert_value(answer, "schema_version", "1");
	assert_value(answer, "version", "\"0.1\"");
	assert_value(answer, "node", "\"db1\"");
	assert_int_equal(json_array_size(json_object_get(answer, "instances")), 1);
	json_decref(answer);
}

static void who_does_not_speak_is_unknown(void **state)
{
	const json_t *status;

	(void)state;
	host_make(DB2, 3);
	host.input.now = vrrp_time_add(host.core.peer[DB1].speaks_until, -1);
	assert_value(status_make(), "holder", "\"db1\"");
	host.input.now = host.core.peer[DB1].speaks_until;
	memset(&host.core.peer[W1], 0, sizeof(host.core.peer[W1]));
	status = status_make();
	assert_value(status, "holder", "null");
	assert_value(status, "ballot", "null");
	assert_value(status, "lease_remaining_ms", "null");
	assert_value(status, "grants", "0");
	assert_value(member(DB1), "state", "\"unknown\"");
	assert_value(member(DB1), "heard_ms", "1000");
	assert_value(member(DB1), "eligible", "null");
	assert_value(member(DB1), "why_not", "null");
	assert_value(member(DB1), "postgresql",
		"{\"role\":null,\"timeline\":null,\"received_lsn\":null,\"replayed_lsn\":null,\"lag_bytes\":null,"
		"\"streaming\":null}");
	assert_string_equal(note(DB1), "not heard for 1 s");
	assert_value(member(W1), "heard_ms", "null");
	assert_value(member(W1), "granted_to", "null");
	assert_string_equal(note(W1), "not heard since this daemon started");
	assert_string_equal(note(DB2), "first in line, losing 0 bytes");
	assert_value(member(DB2), "postgresql",
		"{\"role\":\"standby\",\"timeline\":4,\"received_lsn\":\"0/5A3F2C8\",\"replayed_lsn\":\"0/5A3F2C8\","
		"\"lag_bytes\":null,\"streaming\":true}");
	host.core.peer[W1].duplicate_until = VRRP_TIME_NEVER;
	status_make();
	assert_string_equal(note(W1), "two daemons use this member's identity: neither is believed");
}

static void why_not(void **state)
{
	(void)state;
	host_make(DB2, 4);
	host.core.peer[DB3].report.flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	host.core.peer[DB3].report.fault_reasons =
		VRRP_FAULT_BIT(VRRP_FAULT_LAG) | VRRP_FAULT_BIT(VRRP_FAULT_LINK) | UINT32_C(3) << 30;
	host.core.pg.up = false;
	host.core.role = VRRP_ROLE_FAULT;
	host.input.pg_sentence = "FATAL: \xff\x1b[2J the database";
	status_make();
	assert_value(member(DB3), "eligible", "false");
	assert_value(member(DB3), "why_not", "[\"lag\",\"link\",\"?\"]");
	assert_string_equal(note(DB3), "cannot take over: lag, link");
	assert_value(host.json, "fault_reasons", "[\"pg_down\"]");
	assert_value(member(DB2), "eligible", "false");
	assert_value(member(DB2), "why_not", "[\"pg_down\"]");
	assert_string_equal(note(DB2), "cannot take over: pg_down: FATAL: \\xff\\x1b[2J the database");
	assert_value(host.json, "at_risk_bytes", "null");
	assert_value(member(DB2), "postgresql",
		"{\"role\":\"down\",\"timeline\":4,\"received_lsn\":null,\"replayed_lsn\":null,\"lag_bytes\":null,"
		"\"streaming\":true}");
	host.core.pg_seen = false; /* not looked at yet is not down */
	host.input.op_progress = "pg_rewind: 12 of 64 MB";
	status_make();
	assert_string_equal(note(DB2), "pg_rewind: 12 of 64 MB: FATAL: \\xff\\x1b[2J the database");
	assert_null(json_string_value(json_object_get(json_object_get(member(DB2), "postgresql"), "role")));
	assert_value(host.json, "operation", "\"pg_rewind: 12 of 64 MB\"");
}

static void what_keeps_postgresql_from_its_work(void **state)
{
	(void)state;
	master_make(3);
	assert_value(status_make(), "checks", "null"); /* a witness has none */
	host.input.check_count = 2;
	host.input.check[0] = (struct status_check){ "new_connection", "ok", "" };
	host.input.check[1] = (struct status_check){ "disk_write", "failed", "write to /\xff: full" };
	host.core.health = VRRP_FAULT_BIT(VRRP_FAULT_DISK);
	status_make();
	assert_value(host.json, "checks",
		"[{\"name\":\"new_connection\",\"state\":\"ok\",\"note\":null},"
		"{\"name\":\"disk_write\",\"state\":\"failed\",\"note\":\"write to /\\\\xff: full\"}]");
	assert_value(host.json, "fault_reasons", "[\"disk\"]");
	assert_string_equal(note(DB1), "holds, but: disk"); /* about to let go: db2 may take over */
	host.core.peer[DB2].report.flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	status_make();
	assert_string_equal(note(DB1), "holds, but: disk; stays: nobody else can take over");
	host.core.stored.paused = true;
	status_make();
	assert_string_equal(note(DB1), "holds, but: disk; stays: paused");
}

static void line_of_succession(void **state)
{
	(void)state;
	master_make(4);
	host.core.pg.position = END + 5000;
	host.core.peer[DB3].report.position = END + 4900; /* has more than db2: comes first */
	status_make();
	assert_string_equal(note(DB3), "would take over now, losing 100 bytes");
	assert_string_equal(note(DB2), "number 2 in line, losing 5000 bytes");
	assert_value(host.json, "at_risk_bytes", "100");
	assert_value(json_object_get(member(DB2), "postgresql"), "lag_bytes", "5000");
	host.core.config.election_lag_bytes = 100000; /* within it the lower id comes first */
	status_make();
	assert_string_equal(note(DB2), "would take over now, losing 5000 bytes");
	assert_value(host.json, "at_risk_bytes", "100");
	host.core.stored.paused = true;
	assert_value(status_make(), "paused", "true");
	assert_string_equal(note(DB2), "could take over, but paused, losing 5000 bytes");
	host.core.peer[DB3].report.digest[0] = 1;
	host.core.peer[DB2].report.flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	status_make();
	assert_string_equal(note(DB3), "runs with another configuration: a key that its version does not tell");
	assert_value(member(DB3), "same_config", "false");
	assert_string_equal(note(DB1), "nobody could take over now");
	assert_value(host.json, "at_risk_bytes", "null");
}

/* Lag and risk are said only where the two histories can be compared. */
static void positions(void **state)
{
	struct vrrp_report *report = &host.core.peer[DB2].report;

	(void)state;
	master_make(3);
	host.core.pg.position = END + 10;
	report->position = END + 20; /* its report is newer than mine: nothing is missing */
	status_make();
	assert_value(json_object_get(member(DB2), "postgresql"), "lag_bytes", "0");
	report->position = 0;
	status_make();
	assert_value(json_object_get(member(DB2), "postgresql"), "lag_bytes", "null");
	assert_string_equal(note(DB2), "would take over now, losing what cannot be known");
	report->position = END;
	report->flags &= (uint16_t)~VRRP_FLAG_STREAMING;
	status_make();
	assert_value(json_object_get(member(DB2), "postgresql"), "lag_bytes", "10");
	report->history.entry[1].fingerprint = 0xbad; /* another timeline 4 from the same point */
	status_make();
	assert_value(json_object_get(member(DB2), "postgresql"), "lag_bytes", "27521746"); /* END + 10 - 0x4000000 */
	report->history.count = 1;
	status_make(); /* stale: does not end with its timeline */
	assert_value(json_object_get(member(DB2), "postgresql"), "lag_bytes", "null");
}

/* Without a MASTER what counts is the last one's position; if that was this host, its own, or nothing is known. */
static void risk_without_a_master(void **state)
{
	(void)state;
	host_make(DB2, 3);
	host.core.peer[DB1].speaks_until = VRRP_TIME_NONE;
	host.core.stored.master_seen.at.position = END + 7;
	assert_value(status_make(), "at_risk_bytes", "7");
	host.core.stored.master_seen.at.position = 0;
	assert_value(status_make(), "at_risk_bytes", "null");

	master_make(3);
	host.core.role = VRRP_ROLE_FAULT;
	host.core.stored.master_seen.at = (struct vrrp_position){
		.history = history(), .position = END, .epoch = { 3, 3, 2 }, .timeline = TIMELINE
	};
	host.core.pg.position = END + 50;
	assert_value(status_make(), "holder", "null");
	assert_value(host.json, "at_risk_bytes", "0"); /* db1 itself is eligible: it has all */
	host.core.pg.up = false;
	assert_value(status_make(), "at_risk_bytes", "null"); /* db2 is behind by nobody knows what */
}

static void what_the_gate_counts(void **state)
{
	const json_t *status;

	(void)state;
	host_make(DB2, 3);
	host.input.gate_counts = (struct kernel_gate_counts){ .put_back = 1,
		.late = 2,
		.is_read = true,
		.dropped_adverts = 3,
		.rejected = 4,
		.address = { { 5, 0 }, { 0, 6 } } };
	host.input.addresses_put_back = 7;
	status = status_make();
	assert_value(status, "gate_counts",
		"{\"put_back\":1,\"addresses_put_back\":7,\"late\":2,\"rejected\":4,\"dropped_adverts\":3}");
	assert_value(json_array_get(json_object_get(status, "addresses"), 0), "dropped_in", "5");
	assert_value(json_array_get(json_object_get(status, "addresses"), 1), "dropped_in", "0");
	assert_value(json_array_get(json_object_get(status, "addresses"), 1), "dropped_out", "6");
}

static void the_rest(void **state)
{
	static const char *const gates[] = { "\"open\"", "\"closed\"", "\"none\"", "\"partial\"", "\"off\"" };
	uint64_t drops[VRRP_DROP_COUNT] = { [VRRP_DROP_SOURCE] = 5, [VRRP_DROP_SEQ] = 1 };
	const struct status_reports reports[VRRP_MEMBERS_MAX] = { [DB1] = { 100, 3 }, [W1] = { 7, 7 } };

	(void)state;
	host_make(W1, 3);
	assert_value(status_make() != NULL ? member(DB1) : NULL, "reports_accepted", "null");
	host.input.reports = reports;
	assert_value(status_make() != NULL ? member(DB1) : NULL, "reports_accepted", "100");
	assert_value(member(DB1), "reports_missed", "3");
	assert_value(member(W1), "reports_accepted", "null"); /* this host itself */
	host.core.drops[VRRP_DROP_SEQ] = 2;
	host.core.stalls = 3;
	host.input.sends_failed = 7;
	host.core.silent_until = vrrp_time_add(host.input.now, 250 * VRRP_US_PER_MS);
	host.core.refusal = (struct vrrp_report_refusal){ .to = 2, .reason = VRRP_REFUSAL_SILENT, .bound_ms = 250 };
	host.core.refusal_until = VRRP_TIME_NEVER;
	host.input.gate_note = "time namespace";
	for (int gate = 0; gate < STATUS_GATE_COUNT; gate++) {
		host.input.gate = (enum status_gate)gate;
		assert_value(status_make(), "gate", gates[gate]);
	}
	assert_value(host.json, "gate_note", "\"time namespace\"");
	assert_value(host.json, "stalls", "3");
	assert_value(host.json, "sends_failed", "7");
	assert_value(host.json, "silent_ms", "250");
	assert_string_equal(note(W1), "start-up silence, grants nothing yet");
	assert_value(member(W1), "refused", "{\"member\":\"db2\",\"reason\":\"silent\",\"bound_ms\":250}");
	assert_value(json_object_get(host.json, "drops"), "seq", "2");
	host.input.drops = drops;
	status_make();
	assert_value(json_object_get(host.json, "drops"), "seq", "3");
	assert_value(json_object_get(host.json, "drops"), "source", "5");
	host.core.config.quorum = VRRP_QUORUM_NONE;
	host.core.config.durability = VRRP_DURABILITY_QUORUM;
	status_make();
	assert_value(host.json, "quorum", "\"none\"");
	assert_value(host.json, "durability", "\"quorum\"");
}

static void who_commits_wait_for(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const json_t *sync;

	(void)state;
	assert_non_null(out);
	master_make(3);
	host.core.pg.sync = (struct vrrp_pg_sync){ .known = true };
	assert_value(status_make(), "sync", "null"); /* async */
	host.core.config.durability = VRRP_DURABILITY_QUORUM;
	host.core.config.sync_standbys = 1;
	host.core.pg.fsync_on = true;
	host.core.pg.sync = (struct vrrp_pg_sync){
		.known = true, .listed = true, .named = 1U << DB2, .k = 1, .counted = 1U << DB2, .settings_ok = true
	};
	sync = json_object_get(status_make(), "sync");
	assert_value(sync, "k", "1");
	assert_value(sync, "ours", "true");
	assert_value(sync, "named", "[\"db2\"]");
	assert_value(sync, "counted", "[\"db2\"]");
	assert_value(sync, "intruders", "[]");
	assert_value(sync, "settings_ok", "true");
	assert_value(sync, "waits_for", "null");
	host.core.pg.sync.counted = 0;
	host.core.pg.sync.intruders = 1U << DB2;
	sync = json_object_get(status_make(), "sync");
	assert_value(sync, "waits_for", "\"standbys\"");
	vipctl_table_print(out, host.json);
	assert_int_equal(fclose(out), 0);
	if (strstr(text, "durability quorum\ncommits wait for 1 of db2; streaming: nobody\n"
			 "a second connection bears the name of db2\nwaits for: standbys\nMEMBER") == NULL) {
		fail_msg("%s", text);
	}
	free(text);
	host_make(DB2, 3);
	host.core.config.durability = VRRP_DURABILITY_QUORUM;
	assert_value(status_make(), "sync", "null"); /* a standby waits for nobody */
}

static void what_keeps_the_gate_shut(void **state)
{
	static const struct {
		enum vrrp_hold_phase phase;
		bool settings_ok;
		const char *word;
	} cases[] = {
		{ VRRP_HOLD_FENCING, true, "null" },
		{ VRRP_HOLD_VOUCHING, true, "\"vouchers\"" },
		{ VRRP_HOLD_NAMING, false, "\"synchronous_standby_names\"" },
		{ VRRP_HOLD_PROMOTING, true, "\"promotion\"" },
		{ VRRP_HOLD_SYNCING, true, "\"synchronous_standby_names\"" },
		{ VRRP_HOLD_SYNCING, false, "\"settings\"" },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(cases); i++) {
		master_make(3);
		host.core.config.durability = VRRP_DURABILITY_QUORUM;
		host.core.role = VRRP_ROLE_PROMOTING;
		host.core.phase = cases[i].phase;
		host.core.pg.sync = (struct vrrp_pg_sync){ .known = true, .settings_ok = cases[i].settings_ok };
		assert_value(json_object_get(status_make(), "sync"), "waits_for", cases[i].word);
		host.core.config.durability = VRRP_DURABILITY_ASYNC;
		assert_value(status_make(), "sync", "null");
	}
}

static int teardown(void **state)
{
	(void)state;
	json_decref(host.json);
	host.json = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holder_view),
		cmocka_unit_test(the_table_of_the_handbook),
		cmocka_unit_test(standby_view),
		cmocka_unit_test(stable_core),
		cmocka_unit_test(who_does_not_speak_is_unknown),
		cmocka_unit_test(why_not),
		cmocka_unit_test(what_keeps_postgresql_from_its_work),
		cmocka_unit_test(line_of_succession),
		cmocka_unit_test(positions),
		cmocka_unit_test(risk_without_a_master),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(who_commits_wait_for),
		cmocka_unit_test(what_keeps_the_gate_shut),
		cmocka_unit_test(what_the_gate_counts),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}

#include "checks/pg_query.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_wal.h"

/* The columns of the answer, in order; the names are for errors. */
enum pg_column {
	PG_COLUMN_VERSION,
	PG_COLUMN_IN_RECOVERY,
	PG_COLUMN_SYSTEM_IDENTIFIER,
	PG_COLUMN_WAL_FILE,
	PG_COLUMN_RECEIVED_TLI,
	PG_COLUMN_CHECKPOINT_TLI,
	PG_COLUMN_MIN_RECOVERY_TLI,
	PG_COLUMN_CHECKPOINT_LSN,
	PG_COLUMN_RECEIVED_LSN,
	PG_COLUMN_REPLAYED_LSN,
	PG_COLUMN_FLUSH_LSN,
	PG_COLUMN_REPLAY_PAUSED,
	PG_COLUMN_MONITOR,
	PG_COLUMN_RECEIVER_PID,
	PG_COLUMN_RECEIVER_STATUS,
	PG_COLUMN_SENDER_HOST,
	PG_COLUMN_SENDER_PORT,
	PG_COLUMN_SENDER_SLOT,
	PG_COLUMN_REPLAY_LAG,
	PG_COLUMN_FSYNC,
	PG_COLUMN_FULL_PAGE_WRITES,
	PG_COLUMN_HOT_STANDBY,
	PG_COLUMN_WAL_LOG_HINTS,
	PG_COLUMN_DATA_CHECKSUMS,
	PG_COLUMN_SYNCHRONOUS_COMMIT,
	PG_COLUMN_SYNC_NAMES,
	PG_COLUMN_PRIMARY_CONNINFO,
	PG_COLUMN_PRIMARY_SLOT,
	PG_COLUMN_SEGMENT_BYTES,
	PG_COLUMN_PORT,
	PG_COLUMN_POSTMASTER_START,
	PG_COLUMN_STARTUP_WAIT,
	PG_COLUMN_STARTUP_PID,
	PG_COLUMN_WALSENDERS,
	PG_COLUMN_COUNT
};

static const char *const pg_column_names[PG_COLUMN_COUNT] = { "server_version_num", "pg_is_in_recovery",
	"system_identifier", "pg_walfile_name", "received_tli", "timeline_id", "min_recovery_end_timeline",
	"checkpoint_lsn", "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn", "pg_current_wal_flush_lsn",
	"pg_is_wal_replay_paused", "the right to see processes", "receiver pid", "receiver status", "sender_host",
	"sender_port", "slot_name", "replay lag", "fsync", "full_page_writes", "hot_standby", "wal_log_hints",
	"data_checksums", "synchronous_commit", "synchronous_standby_names", "primary_conninfo", "primary_slot_name",
	"bytes_per_wal_segment", "port", "pg_postmaster_start_time", "startup wait_event", "startup pid",
	"walsenders" };

/*
 * The same text serves 13 to 18: what it names has not changed in between. What stands in FROM is read before what
 * stands in SELECT is computed, and this order carries the safety of position_known: first the receiver is seen gone,
 * then where the startup process waits, and only then the positions are read (they cannot grow any more). The
 * receiver's own view hides it while it connects, so that it is a process is asked of pg_stat_activity.
 * pg_is_in_recovery is volatile and in a CTE, so there is one reading of it for the row.
 */
static const char pg_state_sql[] =
	"WITH r AS MATERIALIZED (SELECT pg_catalog.pg_is_in_recovery() AS rec,"
	" pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS settings,"
	" pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS stats) "
	"SELECT pg_catalog.current_setting('server_version_num'), r.rec::int, y.system_identifier,"
	" CASE WHEN NOT r.rec THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()) END,"
	" w.received_tli, c.timeline_id, v.min_recovery_end_timeline, c.checkpoint_lsn,"
	" CASE WHEN r.rec THEN pg_catalog.pg_last_wal_receive_lsn() END,"
	" CASE WHEN r.rec THEN pg_catalog.pg_last_wal_replay_lsn() END,"
	" CASE WHEN NOT r.rec THEN pg_catalog.pg_current_wal_flush_lsn() END,"
	" CASE WHEN r.rec THEN pg_catalog.pg_is_wal_replay_paused()::int ELSE 0 END,"
	" r.stats::int, p.pid, w.status, w.sender_host, w.sender_port, w.slot_name,"
	" CASE WHEN NOT r.rec OR pg_catalog.pg_last_wal_receive_lsn() <= pg_catalog.pg_last_wal_replay_lsn() THEN 0"
	" ELSE greatest(0, (extract(epoch FROM pg_catalog.clock_timestamp() -"
	" pg_catalog.pg_last_xact_replay_timestamp()) * 1000)::bigint) END,"
	" pg_catalog.current_setting('fsync'), pg_catalog.current_setting('full_page_writes'),"
	" pg_catalog.current_setting('hot_standby'), pg_catalog.current_setting('wal_log_hints'),"
	" pg_catalog.current_setting('data_checksums'), pg_catalog.current_setting('synchronous_commit'),"
	" pg_catalog.current_setting('synchronous_standby_names'),"
	" CASE WHEN r.settings THEN pg_catalog.current_setting('primary_conninfo') END,"
	" pg_catalog.current_setting('primary_slot_name'), i.bytes_per_wal_segment,"
	" pg_catalog.current_setting('port'),"
	" (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint,"
	" s.wait_event, s.pid,"
	" (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_get_wal_senders()) "
	"FROM r CROSS JOIN pg_catalog.pg_control_system() AS y CROSS JOIN pg_catalog.pg_control_checkpoint() AS c"
	" CROSS JOIN pg_catalog.pg_control_recovery() AS v CROSS JOIN pg_catalog.pg_control_init() AS i"
	" LEFT JOIN (SELECT a.pid FROM pg_catalog.pg_stat_activity AS a"
	" WHERE a.backend_type = 'walreceiver' LIMIT 1) AS p ON true"
	" LEFT JOIN pg_catalog.pg_stat_wal_receiver AS w ON true"
	" LEFT JOIN (SELECT a.pid, a.wait_event FROM pg_catalog.pg_stat_activity AS a"
	" WHERE a.backend_type = 'startup' LIMIT 1) AS s ON true LIMIT 1";

const char *pg_query_state_sql(int server_version_num)
{
	(void)server_version_num;
	return pg_state_sql;
}

const char *pg_query_recovery_sql(void)
{
	/* The function and not the view over it: a tenth of the planning. */
	return "SELECT pg_catalog.pg_is_in_recovery(), (SELECT a.wait_event FROM pg_catalog.pg_stat_get_activity(NULL)"
	       " AS a WHERE a.backend_type = 'startup' LIMIT 1)";
}

const char *pg_query_write_probe_sql(void)
{
	/* An xid alone would not flush (RecordTransactionCommit); a message is WAL. local: standbys do not matter here.
	 */
	return "BEGIN; SET LOCAL synchronous_commit = 'local';"
	       " SELECT pg_catalog.pg_logical_emit_message(true, 'vipd', 'probe'); COMMIT";
}

const char *pg_grants_sql(int server_version_num)
{
	if (pg_grants_need_superuser(server_version_num)) {
		return "ALTER ROLE vipd SUPERUSER REPLICATION;";
	}
	return "ALTER ROLE vipd REPLICATION;\n"
	       "GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO vipd;\n"
	       "GRANT EXECUTE ON FUNCTION pg_catalog.pg_promote(boolean, integer) TO vipd;\n"
	       "GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO vipd;\n"
	       "GRANT ALTER SYSTEM ON PARAMETER primary_conninfo, primary_slot_name, synchronous_standby_names TO "
	       "vipd;\n";
}

bool pg_grants_need_superuser(int server_version_num)
{
	return server_version_num < 150000;
}

int pg_u64_parse(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (text == NULL || text[0] == '\0') {
		return -EINVAL;
	}
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value)) {
			return -EINVAL;
		}
	}
	if (value > max) {
		return -EINVAL;
	}
	*ret_value = value;
	return 0;
}

/* 1 to 8 hex digits; *text is moved behind them. */
static int pg_hex32_take(const char **text, uint32_t *ret_value)
{
	uint32_t value = 0;
	unsigned digits = 0;

	for (; digits <= 8; digits++, (*text)++) {
		char c = **text;

		if (c >= '0' && c <= '9') {
			value = value << 4 | (uint32_t)(c - '0');
		} else if ((c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f')) {
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		} else {
			break;
		}
	}
	*ret_value = value;
	return digits >= 1 && digits <= 8 ? 0 : -EINVAL;
}

int pg_lsn_parse(const char *text, vrrp_lsn *ret_lsn)
{
	uint32_t high;
	uint32_t low;

	if (text == NULL || pg_hex32_take(&text, &high) < 0 || *text++ != '/' || pg_hex32_take(&text, &low) < 0 ||
		*text != '\0') {
		return -EINVAL;
	}
	*ret_lsn = (vrrp_lsn)high << 32 | low;
	return 0;
}

/* A cursor over the one row; the first bad column is kept and everything after it is ignored. */
struct pg_reader {
	const struct pg_rows *rows;
	int bad; /* enum pg_column, -1 = none */
};

static void pg_reader_bad(struct pg_reader *reader, enum pg_column column)
{
	if (reader->bad < 0) {
		reader->bad = (int)column;
	}
}

/* NULL reads as `missing`. */
static uint64_t pg_reader_u64(struct pg_reader *reader, enum pg_column column, uint64_t max, uint64_t missing)
{
	const char *text = pg_rows_get(reader->rows, 0, column);
	uint64_t value = missing;

	if (text != NULL && pg_u64_parse(text, max, &value) < 0) {
		pg_reader_bad(reader, column);
	}
	return value;
}

static vrrp_lsn pg_reader_lsn(struct pg_reader *reader, enum pg_column column)
{
	const char *text = pg_rows_get(reader->rows, 0, column);
	vrrp_lsn value = 0;

	if (text != NULL && pg_lsn_parse(text, &value) < 0) {
		pg_reader_bad(reader, column);
	}
	return value;
}

static bool pg_reader_on(struct pg_reader *reader, enum pg_column column)
{
	const char *text = pg_rows_get(reader->rows, 0, column);

	if (text == NULL || (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)) {
		pg_reader_bad(reader, column);
		return false;
	}
	return strcmp(text, "on") == 0;
}

/* NULL reads as "". A text that does not fit is an error, not a shorter text: it might then compare equal. */
static void pg_reader_text(struct pg_reader *reader, enum pg_column column, char *ret_text, size_t size)
{
	const char *text = pg_rows_get(reader->rows, 0, column);

	if (text == NULL) {
		text = "";
	}
	if (strlen(text) >= size) {
		pg_reader_bad(reader, column);
		text = "";
	}
	(void)snprintf(ret_text, size, "%s", text);
}

/* The identifier is unsigned, but SQL shows it as a signed bigint. */
static uint64_t pg_reader_identifier(struct pg_reader *reader)
{
	const char *text = pg_rows_get(reader->rows, 0, PG_COLUMN_SYSTEM_IDENTIFIER);
	bool negative = text != NULL && text[0] == '-';
	uint64_t value = 0;

	if (text == NULL || pg_u64_parse(text + negative, (uint64_t)INT64_MAX + negative, &value) < 0 || value == 0) {
		pg_reader_bad(reader, PG_COLUMN_SYSTEM_IDENTIFIER);
	}
	return negative ? 0 - value : value;
}

static void pg_state_read_wal(struct pg_reader *reader, struct pg_state *state)
{
	uint32_t received = (uint32_t)pg_reader_u64(reader, PG_COLUMN_RECEIVED_TLI, UINT32_MAX, 0);
	uint32_t minimum = (uint32_t)pg_reader_u64(reader, PG_COLUMN_MIN_RECOVERY_TLI, UINT32_MAX, 0);
	const char *file = pg_rows_get(reader->rows, 0, PG_COLUMN_WAL_FILE);

	state->checkpoint_timeline = (uint32_t)pg_reader_u64(reader, PG_COLUMN_CHECKPOINT_TLI, UINT32_MAX, 0);
	state->checkpoint_lsn = pg_reader_lsn(reader, PG_COLUMN_CHECKPOINT_LSN);
	state->received_lsn = pg_reader_lsn(reader, PG_COLUMN_RECEIVED_LSN);
	state->replayed_lsn = pg_reader_lsn(reader, PG_COLUMN_REPLAYED_LSN);
	state->flush_lsn = pg_reader_lsn(reader, PG_COLUMN_FLUSH_LSN);
	if (state->checkpoint_timeline == 0) {
		pg_reader_bad(reader, PG_COLUMN_CHECKPOINT_TLI);
	}
	if (!state->in_recovery) {
		state->timeline = file != NULL ? pg_wal_name_timeline(file) : 0;
		state->timeline_exact = true;
		if (state->timeline == 0) {
			pg_reader_bad(reader, PG_COLUMN_WAL_FILE);
		}
		if (state->flush_lsn == 0) {
			pg_reader_bad(reader, PG_COLUMN_FLUSH_LSN);
		}
		return;
	}
	state->timeline_exact = received != 0;
	state->timeline = received != 0                          ? received
			  : minimum > state->checkpoint_timeline ? minimum
								 : state->checkpoint_timeline;
}

static void pg_state_read_receiver(struct pg_reader *reader, struct pg_state *state)
{
	char status[16];

	pg_reader_text(reader, PG_COLUMN_RECEIVER_STATUS, status, sizeof(status));
	pg_reader_text(reader, PG_COLUMN_SENDER_HOST, state->upstream_host, sizeof(state->upstream_host));
	pg_reader_text(reader, PG_COLUMN_SENDER_SLOT, state->upstream_slot, sizeof(state->upstream_slot));
	state->receiver_present = pg_reader_u64(reader, PG_COLUMN_RECEIVER_PID, INT_MAX, 0) != 0;
	state->streaming = state->receiver_present && strcmp(status, "streaming") == 0;
	state->upstream_port = (uint16_t)pg_reader_u64(reader, PG_COLUMN_SENDER_PORT, UINT16_MAX, 0);
	if (pg_reader_u64(reader, PG_COLUMN_MONITOR, 1, 0) != 1) {
		pg_reader_bad(reader, PG_COLUMN_MONITOR); /* receiver and startup process would seem not to exist */
	}
}

static void pg_state_read_settings(struct pg_reader *reader, struct pg_state *state)
{
	const char *names = pg_rows_get(reader->rows, 0, PG_COLUMN_SYNC_NAMES);

	state->fsync = pg_reader_on(reader, PG_COLUMN_FSYNC);
	state->full_page_writes = pg_reader_on(reader, PG_COLUMN_FULL_PAGE_WRITES);
	state->hot_standby = pg_reader_on(reader, PG_COLUMN_HOT_STANDBY);
	state->wal_log_hints = pg_reader_on(reader, PG_COLUMN_WAL_LOG_HINTS);
	state->data_checksums = pg_reader_on(reader, PG_COLUMN_DATA_CHECKSUMS);
	pg_reader_text(
		reader, PG_COLUMN_SYNCHRONOUS_COMMIT, state->synchronous_commit, sizeof(state->synchronous_commit));
	if (names != NULL) { /* somebody else's list may be long: no reason to understand nothing */
		(void)snprintf(state->synchronous_standby_names, sizeof(state->synchronous_standby_names), "%s", names);
	} else {
		pg_reader_bad(reader, PG_COLUMN_SYNC_NAMES);
	}
	state->primary_conninfo_readable = pg_rows_get(reader->rows, 0, PG_COLUMN_PRIMARY_CONNINFO) != NULL;
	pg_reader_text(reader, PG_COLUMN_PRIMARY_CONNINFO, state->primary_conninfo, sizeof(state->primary_conninfo));
	pg_reader_text(reader, PG_COLUMN_PRIMARY_SLOT, state->primary_slot_name, sizeof(state->primary_slot_name));
	state->wal_segment_bytes = (uint32_t)pg_reader_u64(reader, PG_COLUMN_SEGMENT_BYTES, UINT32_MAX, 0);
	state->port = (uint16_t)pg_reader_u64(reader, PG_COLUMN_PORT, UINT16_MAX, 0);
	state->postmaster_start_us = (int64_t)pg_reader_u64(reader, PG_COLUMN_POSTMASTER_START, INT64_MAX, 0);
	if (state->wal_segment_bytes == 0) {
		pg_reader_bad(reader, PG_COLUMN_SEGMENT_BYTES);
	}
}

/* Section 6: in recovery known only without a receiver and with the startup process waiting at the end of local WAL. */
static void pg_state_position(struct pg_state *state)
{
	if (!state->in_recovery) {
		state->position = state->flush_lsn;
		state->position_known = true;
		return;
	}
	state->position = state->received_lsn > state->replayed_lsn ? state->received_lsn : state->replayed_lsn;
	state->position_known = state->position != 0 && !state->receiver_present &&
				(strcmp(state->startup_wait_event, "RecoveryRetrieveRetryInterval") == 0 ||
					strcmp(state->startup_wait_event, "RecoveryWalStream") == 0);
}

int pg_query_state_parse(const struct pg_rows *rows, struct pg_state *ret_state, struct vip_err *err)
{
	struct pg_reader reader = { .rows = rows, .bad = -1 };
	struct pg_state state = { 0 };

	if (rows->rows != 1 || rows->columns != PG_COLUMN_COUNT) {
		return vip_err_set(err, -EPROTO, "PostgreSQL's state: %u rows of %u columns instead of 1 of %d",
			rows->rows, rows->columns, PG_COLUMN_COUNT);
	}
	state.server_version_num = (int)pg_reader_u64(&reader, PG_COLUMN_VERSION, INT_MAX, 0);
	if (state.server_version_num < PG_VERSION_MIN) {
		pg_reader_bad(&reader, PG_COLUMN_VERSION);
	}
	state.in_recovery = pg_reader_u64(&reader, PG_COLUMN_IN_RECOVERY, 1, 2) == 1;
	if (pg_rows_get(rows, 0, PG_COLUMN_IN_RECOVERY) == NULL) {
		pg_reader_bad(&reader, PG_COLUMN_IN_RECOVERY);
	}
	state.system_identifier = pg_reader_identifier(&reader);
	pg_state_read_wal(&reader, &state);
	state.replay_paused = pg_reader_u64(&reader, PG_COLUMN_REPLAY_PAUSED, 1, 0) == 1;
	pg_state_read_receiver(&reader, &state);
	state.replay_lag_ms = (int64_t)pg_reader_u64(&reader, PG_COLUMN_REPLAY_LAG, INT64_MAX, UINT64_MAX);
	pg_state_read_settings(&reader, &state);
	pg_reader_text(&reader, PG_COLUMN_STARTUP_WAIT, state.startup_wait_event, sizeof(state.startup_wait_event));
	state.startup_pid = (pid_t)pg_reader_u64(&reader, PG_COLUMN_STARTUP_PID, INT_MAX, 0);
	state.walsenders = (uint32_t)pg_reader_u64(&reader, PG_COLUMN_WALSENDERS, UINT32_MAX, 0);
	if (reader.bad >= 0) {
		const char *text = pg_rows_get(rows, 0, (unsigned)reader.bad);

		return vip_err_set(err, -EPROTO, "PostgreSQL's state: %s is \"%.100s\"%s", pg_column_names[reader.bad],
			text != NULL ? text : "NULL",
			reader.bad == PG_COLUMN_MONITOR ? ": grant pg_monitor to the role" : "");
	}
	pg_state_position(&state);
	*ret_state = state;
	return 0;
}

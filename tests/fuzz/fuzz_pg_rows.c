/*
 * Any cells as PostgreSQL's answers: the state of a server, its walsenders. Cells are cut out of the input; some take
 * words that PostgreSQL says, because those are what is decided by.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_query.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CELL_MAX 80

static const char *const WORDS[] = { "t", "f", "on", "off", "1", "0", "150004", "0/5000000", "000000010000000000000005",
	"streaming", "RecoveryWalStream", "RecoveryRetrieveRetryInterval", "10.0.0.1", "7000000000000000001",
	"16777216", "5432", "ANY 1 (\"db2\")", "db2", "vipd_db2", "quorum", "async", "", "-1", "99999999999999999999" };

/* As many as pg_query_state_sql asks for: the parser says so when there are more. */
static unsigned state_columns(void)
{
	static struct pg_rows none;
	static unsigned columns;
	struct pg_state state;
	struct vip_err err = { "" };

	if (columns == 0) {
		none.columns = 1;
		assert(pg_query_state_parse(&none, &state, &err) == -EPROTO);
		assert(sscanf(strstr(err.text, "instead of 1 of "), "instead of 1 of %u", &columns) == 1);
	}
	return columns;
}

static void append(struct pg_rows *rows, struct input *input)
{
	char cell[CELL_MAX];
	unsigned how = input_byte(input);

	if (how < VRRP_ARRAY_LENGTH(WORDS)) {
		(void)pg_rows_append(rows, WORDS[how], strlen(WORDS[how]));
	} else if (how == 255) {
		(void)pg_rows_append(rows, NULL, 0);
	} else {
		(void)pg_rows_append(rows, cell, input_bytes(input, cell, how % CELL_MAX));
	}
}

static void check_state(const struct pg_state *state)
{
	const char *texts[] = { state->upstream_host, state->upstream_slot, state->synchronous_commit,
		state->primary_conninfo, state->primary_slot_name, state->startup_wait_event };
	const size_t sizes[] = { sizeof(state->upstream_host), sizeof(state->upstream_slot),
		sizeof(state->synchronous_commit), sizeof(state->primary_conninfo), sizeof(state->primary_slot_name),
		sizeof(state->startup_wait_event) };

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(texts); i++) {
		assert(memchr(texts[i], '\0', sizes[i]) != NULL);
	}
	assert(state->server_version_num >= PG_VERSION_MIN && state->system_identifier != 0);
	assert(state->wal_segment_bytes != 0);
	if (state->position_known && state->in_recovery) {
		assert(!state->receiver_present && state->position != 0); /* section 6 */
	}
	if (!state->in_recovery) {
		assert(state->position == state->flush_lsn && state->timeline_exact);
	}
}

static void as_senders(const struct pg_rows *rows, struct input *input)
{
	static const struct pg_sync_members members = { .count = 3, .name = { "db1", "db2", "db3" } };
	struct pg_sync_state state;
	struct vip_err err = { "" };
	int code = pg_sync_senders_parse(
		&members, rows, WORDS[input_below(input, VRRP_ARRAY_LENGTH(WORDS))], &state, &err);

	if (code == 0) {
		assert(((state.counted | state.senders | state.streaming | state.intruders | state.named) & ~7U) == 0);
		assert((state.streaming & ~state.senders) == 0);
		assert(state.listed || state.k == 0);
	} else {
		assert(err.text[0] != '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pg_rows rows;
	struct input input = { data, size };
	struct pg_state state;
	struct vip_err err = { "" };
	unsigned columns = input_byte(&input);
	int code;

	columns = columns < 200 ? state_columns() : columns % 12 + 1;
	pg_rows_clear(&rows, columns);
	for (unsigned i = 0; i < PG_ROWS_CELLS_MAX && (input.size > 0 || rows.cells < columns); i++) {
		append(&rows, &input);
	}
	for (unsigned row = 0; row < rows.rows + 1; row++) {
		const char *cell = pg_rows_get(&rows, row, columns - 1);

		assert(cell == NULL || (cell >= rows.bytes && cell < rows.bytes + rows.bytes_used));
	}
	as_senders(&rows, &input);
	if (columns == state_columns() && rows.rows > 0) {
		rows.rows = 1; /* what a server answers; the rest would be refused */
	}
	code = pg_query_state_parse(&rows, &state, &err);
	if (code == 0) {
		assert(columns == state_columns());
		check_state(&state);
	} else {
		assert(code == -EPROTO && err.text[0] != '\0');
	}
	return 0;
}

#include "checks/pg_sync_list.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_query.h"

/* The columns of the answer, in order. */
enum pg_sender_column {
	PG_SENDER_NAME,
	PG_SENDER_PID,
	PG_SENDER_STATE,
	PG_SENDER_PRIORITY,
	PG_SENDER_FLUSH_LSN,
	PG_SENDER_SLOT,
	PG_SENDER_COUNT
};

static const char *const pg_sender_names[PG_SENDER_COUNT] = { "application_name", "pid", "state", "sync_priority",
	"flush_lsn", "slot_name" };

void pg_sync_slot_name(const char *member, char ret_slot[PG_SYNC_SLOT_BYTES])
{
	(void)snprintf(ret_slot, PG_SYNC_SLOT_BYTES, "vipd_%.*s", VRRP_NAME_MAX, member);
	for (char *at = ret_slot; *at != '\0'; at++) {
		*at = *at == '-' ? '_' : *at;
	}
}

/* Appends to a text that has room for all names by its size (asserted). */
static void pg_sync_add(char text[PG_SYNC_TEXT_BYTES], const char *before, const char *name, const char *after)
{
	size_t used = strlen(text);
	int length = snprintf(text + used, PG_SYNC_TEXT_BYTES - used, "%s%s%s", before, name, after);

	assert(length >= 0 && (size_t)length < PG_SYNC_TEXT_BYTES - used);
}

void pg_sync_list_format(
	const struct pg_sync_members *members, uint16_t set, unsigned k, char ret_text[PG_SYNC_TEXT_BYTES])
{
	const char *before = "\"";

	ret_text[0] = '\0';
	if (k == 0) {
		return;
	}
	assert(k <= VRRP_MEMBERS_MAX && set >> members->count == 0);
	(void)snprintf(ret_text, PG_SYNC_TEXT_BYTES, "ANY %u (", k);
	for (unsigned i = 0; i < members->count; i++) {
		if ((set & 1U << i) != 0) {
			assert(members->name[i][0] != '\0');
			pg_sync_add(ret_text, before, members->name[i], "\"");
			before = ", \"";
		}
	}
	pg_sync_add(ret_text, "", set == 0 ? "\"" PG_SYNC_NOBODY "\")" : ")", "");
}

void pg_sync_array_format(const struct pg_sync_members *members, uint16_t set, char ret_text[PG_SYNC_TEXT_BYTES])
{
	const char *before = "'{";

	ret_text[0] = '\0';
	for (unsigned i = 0; i < members->count; i++) {
		if ((set & 1U << i) != 0 && members->name[i][0] != '\0') {
			pg_sync_add(ret_text, before, members->name[i], "");
			before = ",";
		}
	}
	pg_sync_add(ret_text, "", ret_text[0] == '\0' ? "'{}'" : "}'", "");
}

/* A name in quotes; *text is moved behind it. Its index, members->count for nobody's, or -1. */
static int pg_sync_name_take(const struct pg_sync_members *members, const char **text)
{
	const char *begin = *text + 1;
	size_t length;

	if (**text != '"') {
		return -1;
	}
	length = strcspn(begin, "\"");
	if (begin[length] != '"') {
		return -1;
	}
	*text = begin + length + 1;
	for (unsigned i = 0; i < members->count; i++) {
		if (length > 0 && strlen(members->name[i]) == length && memcmp(members->name[i], begin, length) == 0) {
			return (int)i;
		}
	}
	return length == strlen(PG_SYNC_NOBODY) && memcmp(begin, PG_SYNC_NOBODY, length) == 0 ? (int)members->count
											      : -1;
}

int pg_sync_list_parse(const struct pg_sync_members *members, const char *text, uint16_t *ret_set, uint8_t *ret_k)
{
	static const char begin[] = "ANY ";
	uint16_t set = 0;
	bool nobody = false;
	uint8_t k;

	if (strncmp(text, begin, sizeof(begin) - 1) != 0) {
		return -EINVAL;
	}
	text += sizeof(begin) - 1;
	if (*text < '1' || *text > '0' + VRRP_MEMBERS_MAX || text[1] != ' ' || text[2] != '(') {
		return -EINVAL;
	}
	k = (uint8_t)(*text - '0');
	text += 3;
	for (unsigned i = 0; i <= members->count; i++) { /* the last round finds the end, or a list too long */
		int index = pg_sync_name_take(members, &text);

		if (index < 0 || nobody || (set & 1U << (unsigned)index) != 0) {
			return -EINVAL;
		}
		nobody = (unsigned)index == members->count;
		set |= nobody ? 0 : (uint16_t)(1U << (unsigned)index);
		if (strcmp(text, ")") == 0 && !(nobody && set != 0)) {
			*ret_set = set;
			*ret_k = k;
			return 0;
		}
		if (strncmp(text, ", ", 2) != 0) {
			return -EINVAL;
		}
		text += 2;
	}
	return -EINVAL;
}

int pg_sync_senders_sql(const struct pg_sync_members *members, char *ret_sql, size_t size)
{
	char names[PG_SYNC_TEXT_BYTES];
	int length;

	pg_sync_array_format(members, (uint16_t)((1U << members->count) - 1), names);
	/* lower() as PostgreSQL's pg_strcasecmp sees ASCII. One row more than is looked at tells that there are more.
	 */
	length = snprintf(ret_sql, size,
		"SELECT pg_catalog.lower(r.application_name COLLATE \"C\"), r.pid, r.state, r.sync_priority,"
		" r.flush_lsn, s.slot_name FROM pg_catalog.pg_stat_replication AS r"
		" LEFT JOIN pg_catalog.pg_replication_slots AS s ON s.active_pid = r.pid"
		" WHERE pg_catalog.lower(r.application_name COLLATE \"C\") = ANY (%s::text[])"
		" ORDER BY r.pid LIMIT %d",
		names, PG_SYNC_SENDERS_MAX + 1);
	return length < 0 || (size_t)length >= size ? -E2BIG : 0;
}

/* CASE, and not WHERE: the planner may evaluate conditions in any order, and pg_terminate_backend has an effect. */
int pg_sync_end_sql(const struct pg_sync_members *members, uint16_t keep, bool any_slot, char *ret_sql, size_t size)
{
	char names[PG_SYNC_TEXT_BYTES];
	int length;

	pg_sync_array_format(members, keep, names);
	length = snprintf(ret_sql, size,
		"SELECT pg_catalog.current_setting('synchronous_standby_names'),"
		" (SELECT pg_catalog.array_remove(pg_catalog.array_agg(CASE WHEN r.state = 'backup' THEN NULL"
		" WHEN member.name = ANY (%s::text[]) AND ((%s AND r.application_name = member.name)"
		" OR r.state = 'startup' OR s.slot_name = " PG_SYNC_SLOT_SQL ") THEN NULL"
		" WHEN pg_catalog.pg_terminate_backend(r.pid) THEN r.pid ELSE r.pid END), NULL)"
		" FROM pg_catalog.pg_stat_replication AS r"
		" CROSS JOIN LATERAL (SELECT pg_catalog.lower(r.application_name COLLATE \"C\") AS name) AS member"
		" LEFT JOIN pg_catalog.pg_replication_slots AS s ON s.active_pid = r.pid),"
		" (SELECT pg_catalog.count(CASE WHEN a.application_name = '" PG_SYNC_CANARY "' AND a.pid <>"
		" pg_catalog.pg_backend_pid() AND a.usename = current_user THEN"
		" pg_catalog.pg_cancel_backend(a.pid) END) FROM pg_catalog.pg_stat_activity AS a)",
		names, any_slot ? "true" : "false");
	return length < 0 || (size_t)length >= size ? -E2BIG : 0;
}

int pg_sync_pids_read(const char *text, char *ret_pids, size_t size)
{
	const char *pids = text != NULL ? text : "{}";
	size_t length = strlen(pids);

	if (length < 2 || length >= size || pids[0] != '{' || strspn(pids + 1, "0123456789,") + 2 != length ||
		pids[length - 1] != '}') {
		return -EPROTO;
	}
	(void)memcpy(ret_pids, pids, length + 1);
	return 0;
}

static int pg_sender_bad(const struct pg_rows *rows, unsigned row, enum pg_sender_column column, struct vip_err *err)
{
	const char *text = pg_rows_get(rows, row, column);

	return vip_err_set(err, -EPROTO, "PostgreSQL's walsenders: %s is \"%.100s\"%s", pg_sender_names[column],
		text != NULL ? text : "NULL", column == PG_SENDER_STATE ? ": grant pg_monitor to the role" : "");
}

/* One walsender; -EPROTO. */
static int pg_sender_read(const struct pg_sync_members *members, const struct pg_rows *rows, unsigned row,
	struct pg_sync_state *state, struct vip_err *err)
{
	const char *name = pg_rows_get(rows, row, PG_SENDER_NAME);
	const char *what = pg_rows_get(rows, row, PG_SENDER_STATE);
	const char *flush = pg_rows_get(rows, row, PG_SENDER_FLUSH_LSN);
	const char *slot = pg_rows_get(rows, row, PG_SENDER_SLOT);
	char own_slot[PG_SYNC_SLOT_BYTES];
	uint64_t priority;
	uint64_t pid;
	vrrp_lsn flushed = 0;
	unsigned index = 0;
	uint16_t bit;
	bool streams;

	if (pg_u64_parse(pg_rows_get(rows, row, PG_SENDER_PID), INT_MAX, &pid) < 0 || pid == 0) {
		return pg_sender_bad(rows, row, PG_SENDER_PID, err);
	}
	if (pg_u64_parse(pg_rows_get(rows, row, PG_SENDER_PRIORITY), INT_MAX, &priority) < 0) {
		return pg_sender_bad(rows, row, PG_SENDER_PRIORITY, err);
	}
	if (flush != NULL && pg_lsn_parse(flush, &flushed) < 0) {
		return pg_sender_bad(rows, row, PG_SENDER_FLUSH_LSN, err);
	}
	if (what == NULL) {
		return pg_sender_bad(rows, row, PG_SENDER_STATE, err);
	}
	while (index < members->count && (name == NULL || name[0] == '\0' || strcmp(members->name[index], name) != 0)) {
		index++;
	}
	if (index == members->count) {
		return pg_sender_bad(rows, row, PG_SENDER_NAME, err);
	}
	bit = (uint16_t)(1U << index);
	/* `startup` holds no slot yet and releases nothing, nor does a base backup. */
	streams = strcmp(what, "startup") != 0 && strcmp(what, "backup") != 0;
	state->senders |= bit;
	/* Until its standby has told a position the view shows 0 for it, whatever list it goes by [D7]. */
	state->counted |= priority > 0 || (flushed == 0 && streams) ? bit : 0;
	pg_sync_slot_name(members->name[index], own_slot);
	if (slot != NULL && strcmp(slot, own_slot) == 0) {
		state->streaming |= strcmp(what, "streaming") == 0 ? bit : 0;
		state->flushed[index] = flushed;
	} else if (streams) {
		state->intruders |= bit;
		state->intruder[index] = (pid_t)pid;
	}
	return 0;
}

int pg_sync_senders_parse(const struct pg_sync_members *members, const struct pg_rows *rows, const char *list,
	struct pg_sync_state *ret_state, struct vip_err *err)
{
	struct pg_sync_state state = { .known = true };

	if (rows->columns != PG_SENDER_COUNT && rows->rows > 0) {
		return vip_err_set(err, -EPROTO, "PostgreSQL's walsenders: %u columns instead of %d", rows->columns,
			PG_SENDER_COUNT);
	}
	if (rows->rows > PG_SYNC_SENDERS_MAX) {
		return vip_err_set(err, -EMSGSIZE, "more than %d walsenders bear members' names", PG_SYNC_SENDERS_MAX);
	}
	for (unsigned row = 0; row < rows->rows; row++) {
		int result = pg_sender_read(members, rows, row, &state, err);

		if (result < 0) {
			return result;
		}
	}
	state.listed = pg_sync_list_parse(members, list, &state.named, &state.k) == 0;
	*ret_state = state;
	return 0;
}

void pg_sync_settle(const struct pg_sync_state *before, struct pg_sync_state *state)
{
	for (unsigned i = 0; i < VRRP_MEMBERS_MAX; i++) {
		if (state->intruder[i] != 0 && state->intruder[i] != before->intruder[i]) {
			state->intruders &= (uint16_t) ~(1U << i);
		}
	}
}

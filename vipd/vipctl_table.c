#include "vipd/vipctl_table.h"

#include <string.h>

#include "vipd/text_escape.h"

#define CELL_SIZE 128
#define ROWS_MAX 16 /* members shown */

enum column { MEMBER, STATE, POSTGRESQL, TIMELINE, LSN, LAG, PRIO, NOTE, COLUMNS };

static const struct {
	const char *title;
	bool right;
} columns[COLUMNS] = {
	[MEMBER] = { "MEMBER", false },
	[STATE] = { "STATE", false },
	[POSTGRESQL] = { "POSTGRESQL", false },
	[TIMELINE] = { "TIMELINE", true },
	[LSN] = { "LSN", false },
	[LAG] = { "LAG", true },
	[PRIO] = { "PRIO", true },
	[NOTE] = { "NOTE", false },
};

typedef char row_cells[COLUMNS][CELL_SIZE];

/* The string at key, escaped; "-" if there is none. */
static void text_get(const json_t *object, const char *key, char *ret_text, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	text_escape(text != NULL && text[0] != '\0' ? text : "-", ret_text, size);
}

/* A string, or the strings of a list joined by ", "; "" if there is none. */
static void words_get(const json_t *object, const char *key, char *ret_text, size_t size)
{
	const json_t *value = json_object_get(object, key);
	size_t used = 0;

	ret_text[0] = '\0';
	if (json_is_string(value)) {
		text_escape(json_string_value(value), ret_text, size);
	}
	for (size_t i = 0; i < json_array_size(value) && used + 3 < size; i++) {
		const char *word = json_string_value(json_array_get(value, i));

		if (word != NULL) {
			memcpy(ret_text + used, ", ", 3);
			used += used > 0 ? 2 : 0;
			used += text_escape(word, ret_text + used, size - used);
		}
	}
}

static void integer_format(const json_t *value, char *ret_text, size_t size)
{
	if (json_is_integer(value)) {
		snprintf(ret_text, size, "%lld", (long long)json_integer_value(value));
	} else {
		snprintf(ret_text, size, "-");
	}
}

/* 0 kB, 12 kB, 3.4 GB: rounded up, so that only nothing is 0. */
static void lag_format(const json_t *value, char *ret_text, size_t size)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	long long bytes = json_integer_value(value);
	size_t unit = 0;
	double amount;

	if (!json_is_integer(value) || bytes < 0) {
		snprintf(ret_text, size, "-");
		return;
	}
	if (bytes <= 10000 * 1024LL) {
		snprintf(ret_text, size, "%lld kB", (bytes + 1023) / 1024);
		return;
	}
	for (amount = (double)bytes / 1024.0; amount >= 1000.0 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++) {
		amount /= 1024.0;
	}
	snprintf(ret_text, size, "%.1f %s", amount, units[unit]);
}

/* 970 -> "0.97s", 1000 -> "1s" */
static void seconds_format(const json_t *value, char *ret_text, size_t size)
{
	long long ms = json_integer_value(value);
	int len;

	if (!json_is_integer(value) || ms < 0) {
		snprintf(ret_text, size, "-");
		return;
	}
	len = snprintf(ret_text, size, "%lld.%02lld", ms / 1000, ms % 1000 / 10);
	while (len > 0 && (size_t)len < size && (ret_text[len - 1] == '0' || ret_text[len - 1] == '.')) {
		bool point = ret_text[--len] == '.';

		ret_text[len] = '\0';
		if (point) {
			break;
		}
	}
	if ((size_t)len + 1 < size) {
		memcpy(ret_text + len, "s", 2);
	}
}

static void note_get(const json_t *member, const char *holder, char *ret_note, size_t size)
{
	const char *name = json_string_value(json_object_get(member, "name"));

	words_get(member, "note", ret_note, size);
	if (ret_note[0] == '\0') {
		words_get(member, "why_not", ret_note, size);
	}
	if (ret_note[0] == '\0' && json_is_true(json_object_get(member, "eligible")) &&
		(holder == NULL || name == NULL || strcmp(name, holder) != 0)) {
		snprintf(ret_note, size, "can take over");
	}
}

/* The one that counts, and the configured one if tracking has changed it. */
static void priority_format(const json_t *member, bool witness, char cell[CELL_SIZE])
{
	const json_t *configured = json_object_get(member, "priority");
	const json_t *effective = json_object_get(member, "effective_priority");

	if (!witness && json_is_integer(configured) && json_is_integer(effective) &&
		!json_equal(configured, effective)) {
		snprintf(cell, CELL_SIZE, "%lld (%lld)", (long long)json_integer_value(effective),
			(long long)json_integer_value(configured));
	} else {
		integer_format(witness ? NULL : configured, cell, CELL_SIZE);
	}
}

static void row_fill(const json_t *member, const char *holder, row_cells cells)
{
	const json_t *postgresql = json_object_get(member, "postgresql");
	bool witness = json_is_true(json_object_get(member, "witness"));

	text_get(member, "name", cells[MEMBER], CELL_SIZE);
	text_get(member, "state", cells[STATE], CELL_SIZE);
	text_get(postgresql, "role", cells[POSTGRESQL], CELL_SIZE);
	if (strcmp(cells[POSTGRESQL], "standby") == 0 && json_is_true(json_object_get(postgresql, "streaming"))) {
		snprintf(cells[POSTGRESQL], CELL_SIZE, "streaming");
	}
	integer_format(json_object_get(postgresql, "timeline"), cells[TIMELINE], CELL_SIZE);
	text_get(postgresql, "received_lsn", cells[LSN], CELL_SIZE);
	lag_format(json_object_get(postgresql, "lag_bytes"), cells[LAG], CELL_SIZE);
	if (strcmp(cells[POSTGRESQL], "primary") == 0) { /* it is what the others lag behind */
		snprintf(cells[LAG], CELL_SIZE, "-");
	}
	priority_format(member, witness, cells[PRIO]);
	note_get(member, holder, cells[NOTE], CELL_SIZE);
}

static void row_print(FILE *out, row_cells cells, const size_t width[COLUMNS])
{
	char line[COLUMNS * (CELL_SIZE + 2)];
	size_t used = 0;

	for (int i = 0; i < COLUMNS; i++) {
		int pad = (int)width[i];

		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%*s", i > 0 ? "  " : "",
			columns[i].right ? pad : -pad, cells[i]);
	}
	while (used > 0 && line[used - 1] == ' ') {
		used--;
	}
	fprintf(out, "%.*s\n", (int)used, line);
}

static void members_print(FILE *out, const json_t *instance)
{
	static row_cells rows[ROWS_MAX + 1]; /* 17 kB; vipctl has one thread */
	const json_t *members = json_object_get(instance, "members");
	const char *holder = json_string_value(json_object_get(instance, "holder"));
	size_t width[COLUMNS] = { 0 };
	size_t count = json_array_size(members) < ROWS_MAX ? json_array_size(members) : ROWS_MAX;

	for (int i = 0; i < COLUMNS; i++) {
		snprintf(rows[0][i], CELL_SIZE, "%s", columns[i].title);
	}
	for (size_t i = 0; i < count; i++) {
		row_fill(json_array_get(members, i), holder, rows[i + 1]);
	}
	for (size_t i = 0; i <= count; i++) {
		for (int j = 0; j < COLUMNS; j++) {
			width[j] = strlen(rows[i][j]) > width[j] ? strlen(rows[i][j]) : width[j];
		}
	}
	for (size_t i = 0; i <= count; i++) {
		row_print(out, rows[i], width);
	}
}

/* The floating addresses, joined. The same words of their gates once: "open", or "open closed" if they differ. */
static void addresses_get(const json_t *instance, char *ret_addresses, char *ret_gate, size_t size)
{
	const json_t *addresses = json_object_get(instance, "addresses");
	size_t used = 0;
	size_t gate_used = 0;

	snprintf(ret_addresses, size, "-");
	snprintf(ret_gate, size, "-");
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		char address[CELL_SIZE];
		char gate[CELL_SIZE];

		text_get(json_array_get(addresses, i), "address", address, sizeof(address));
		text_get(json_array_get(addresses, i), "gate", gate, sizeof(gate));
		if (used < size) {
			used += (size_t)snprintf(
				ret_addresses + used, size - used, "%s%s", used > 0 ? ", " : "", address);
		}
		if (gate_used < size && (i == 0 || strstr(ret_gate, gate) == NULL)) {
			gate_used += (size_t)snprintf(
				ret_gate + gate_used, size - gate_used, "%s%s", gate_used > 0 ? " " : "", gate);
		}
	}
}

/* durability = quorum, on the host whose primary it is: whom commits wait for, and what is missing. */
static void sync_print(FILE *out, const json_t *sync)
{
	char named[4 * CELL_SIZE], counted[4 * CELL_SIZE], intruders[4 * CELL_SIZE], waits[CELL_SIZE], k[CELL_SIZE];

	if (!json_is_object(sync)) {
		return;
	}
	integer_format(json_object_get(sync, "k"), k, sizeof(k));
	words_get(sync, "named", named, sizeof(named));
	words_get(sync, "counted", counted, sizeof(counted));
	words_get(sync, "intruders", intruders, sizeof(intruders));
	words_get(sync, "waits_for", waits, sizeof(waits));
	if (json_is_false(json_object_get(sync, "ours"))) {
		fprintf(out, "synchronous_standby_names was not written by vipd\n");
	} else if (json_is_true(json_object_get(sync, "ours"))) {
		fprintf(out, "commits wait for %s of %s; streaming: %s\n", k, named[0] != '\0' ? named : "nobody yet",
			counted[0] != '\0' ? counted : "nobody");
	}
	if (intruders[0] != '\0') {
		fprintf(out, "a second connection bears the name of %s\n", intruders);
	}
	if (waits[0] != '\0') {
		fprintf(out, "waits for: %s\n", waits);
	}
}

/* "3 packets dropped inwards": nothing for 0, or what is not known. */
static size_t count_add(char *line, size_t size, size_t used, const json_t *object, const char *key, const char *what)
{
	json_int_t count = json_integer_value(json_object_get(object, key));

	if (count > 0 && used < size) {
		used += (size_t)snprintf(
			line + used, size - used, "%s%lld %s", used > 0 ? ", " : "", (long long)count, what);
	}
	return used;
}

/* What there is to say about this host's gate besides its word: why it is not whole, what it has dropped. */
static void gate_print(FILE *out, const json_t *instance)
{
	const json_t *addresses = json_object_get(instance, "addresses");
	const json_t *counts = json_object_get(instance, "gate_counts");
	char note[4 * CELL_SIZE], address[CELL_SIZE], line[4 * CELL_SIZE];
	size_t used = 0;

	text_get(instance, "gate_note", note, sizeof(note));
	if (json_is_string(json_object_get(instance, "gate_note"))) {
		fprintf(out, "gate of this host: %s\n", note);
	}
	used = count_add(line, sizeof(line), used, counts, "put_back", "times taken away by somebody and put back");
	used = count_add(line, sizeof(line), used, counts, "addresses_put_back", "times an address was put back");
	used = count_add(line, sizeof(line), used, counts, "late", "renewals came too late");
	if (used > 0) {
		fprintf(out, "gate of this host: %s\n", line);
	}
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		const json_t *one = json_array_get(addresses, i);

		used = count_add(line, sizeof(line), 0, one, "dropped_in", "packets dropped inwards");
		used = count_add(line, sizeof(line), used, one, "dropped_out", "packets dropped outwards");
		if (used > 0) {
			text_get(one, "address", address, sizeof(address));
			fprintf(out, "gate of this host: %s: %s\n", address, line);
		}
	}
}

/* What is tracked on this host and is not up. */
static void tracked_print(FILE *out, const json_t *tracked)
{
	for (size_t i = 0; i < json_array_size(tracked); i++) {
		const json_t *one = json_array_get(tracked, i);
		char kind[CELL_SIZE], name[CELL_SIZE], state[CELL_SIZE], last[4 * CELL_SIZE];

		text_get(one, "kind", kind, sizeof(kind));
		text_get(one, "name", name, sizeof(name));
		text_get(one, "state", state, sizeof(state));
		text_get(one, "last", last, sizeof(last));
		if (strcmp(state, "up") != 0) {
			fprintf(out, "track_%s %s: %s%s%s\n", kind, name, state,
				json_is_string(json_object_get(one, "last")) ? ": " : "",
				json_is_string(json_object_get(one, "last")) ? last : "");
		}
	}
}

void vipctl_table_print(FILE *out, const json_t *instance)
{
	char name[CELL_SIZE], vrid[CELL_SIZE], holder[CELL_SIZE], lease[CELL_SIZE], left[CELL_SIZE];
	char grants[CELL_SIZE], total[CELL_SIZE], durability[CELL_SIZE], faults[4 * CELL_SIZE];
	char addresses[8 * CELL_SIZE], gate[8 * CELL_SIZE];

	text_get(instance, "name", name, sizeof(name));
	integer_format(json_object_get(instance, "vrid"), vrid, sizeof(vrid));
	text_get(instance, "holder", holder, sizeof(holder));
	seconds_format(json_object_get(instance, "lease_ms"), lease, sizeof(lease));
	seconds_format(json_object_get(instance, "lease_remaining_ms"), left, sizeof(left));
	integer_format(json_object_get(instance, "grants"), grants, sizeof(grants));
	integer_format(json_object_get(instance, "members_total"), total, sizeof(total));
	text_get(instance, "durability", durability, sizeof(durability));
	words_get(instance, "fault_reasons", faults, sizeof(faults));
	addresses_get(instance, addresses, gate, sizeof(addresses));
	fprintf(out, "%s  vrid %s  %s on %s  lease %s of %s, %s of %s grant  gate %s  durability %s%s\n", name, vrid,
		addresses, holder, left, lease, grants, total, gate, durability,
		json_is_true(json_object_get(instance, "paused")) ? "  PAUSED" : "");
	if (json_integer_value(json_object_get(instance, "clock_excess_ppm")) > 0) {
		fprintf(out, "clock of this host: its rate is %lld ppm beyond half of max_drift\n",
			(long long)json_integer_value(json_object_get(instance, "clock_excess_ppm")));
	}
	gate_print(out, instance);
	sync_print(out, json_object_get(instance, "sync"));
	if (faults[0] != '\0') {
		fprintf(out, "fault on this host: %s\n", faults);
	}
	tracked_print(out, json_object_get(instance, "tracked"));
	members_print(out, instance);
}

bool vipctl_is_primary(const json_t *status, const json_t *instance)
{
	const char *state = json_string_value(json_object_get(instance, "state"));
	const json_t *left = json_object_get(instance, "lease_remaining_ms");

	(void)status;
	return state != NULL && strcmp(state, "MASTER") == 0 && json_is_integer(left) && json_integer_value(left) > 0;
}

bool vipctl_is_replica(const json_t *status, const json_t *instance)
{
	const json_t *members = json_object_get(instance, "members");
	const char *node = json_string_value(json_object_get(instance, "node"));

	if (node == NULL) {
		node = json_string_value(json_object_get(status, "node"));
	}
	for (size_t i = 0; node != NULL && i < json_array_size(members); i++) {
		const json_t *member = json_array_get(members, i);
		const json_t *postgresql = json_object_get(member, "postgresql");
		const char *name = json_string_value(json_object_get(member, "name"));
		const char *role = json_string_value(json_object_get(postgresql, "role"));

		if (name != NULL && strcmp(name, node) == 0) {
			return role != NULL && strcmp(role, "standby") == 0 &&
			       json_is_true(json_object_get(postgresql, "streaming"));
		}
	}
	return false;
}

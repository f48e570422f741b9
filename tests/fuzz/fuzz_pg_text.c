/*
 * Any text as what PostgreSQL's tools and files say, and our helper process about them: the first byte chooses the
 * reader. What is taken must be within its bounds, and what can be written again must be read as the same.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/pg_conn.h"
#include "checks/pg_control.h"
#include "checks/pg_datadir.h"
#include "checks/pg_history.h"
#include "checks/pg_query.h"
#include "checks/pg_reason.h"
#include "checks/pg_sync_list.h"
#include "checks/pg_wal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vip_err err;

static void sentence(int code, int expected)
{
	assert(code == expected);
	assert(memchr(err.text, '\0', sizeof(err.text)) != NULL && err.text[0] != '\0');
}

static void as_control(const char *text)
{
	struct pg_control control;
	int code = pg_control_parse(text, &control, &err);

	if (code != 0) {
		sentence(code, -EPROTO);
		return;
	}
	assert(control.state != PG_CONTROL_UNKNOWN);
	assert(pg_control_state_parse(pg_control_state_name(control.state)) == control.state);
}

/* Given with its size and no 0 behind it, as it comes from a file. */
static void as_history(const uint8_t *data, size_t size)
{
	struct vrrp_history history;
	uint32_t timeline = size > 0 ? data[0] : 1;
	char *exact;
	int code;

	size -= size > 0;
	exact = malloc(size > 0 ? size : 1);
	assert(exact != NULL);
	memcpy(exact, data + 1, size);
	timeline += timeline == 0;
	code = pg_history_parse(timeline, exact, size, &history, &err);
	free(exact);
	if (code != 0) {
		sentence(code, -EPROTO);
		return;
	}
	assert(history.count >= 1 && history.count <= VRRP_HISTORY_MAX);
	assert(history.entry[history.count - 1].timeline == timeline);
	for (unsigned i = 1; i < history.count; i++) {
		assert(history.entry[i].timeline > history.entry[i - 1].timeline);
		assert(history.entry[i].switch_point >= history.entry[i - 1].switch_point);
	}
}

static void as_report(const char *text)
{
	struct pg_datadir_report report;
	int code = pg_datadir_parse(text, &report, &err);

	if (code != 0) {
		sentence(code, -EPROTO);
		return;
	}
	assert(report.history.count <= VRRP_HISTORY_MAX);
	assert(report.major >= 0 && report.major < 100 && report.postmaster_pid >= 0);
	assert(memchr(report.config_file, '\0', sizeof(report.config_file)) != NULL);
	assert(memchr(report.replay_file, '\0', sizeof(report.replay_file)) != NULL);
}

static void as_sync_list(const char *text)
{
	static const struct pg_sync_members members = { .count = 4, .name = { "db1", "db2", "", "a-b_c" } };
	char again[PG_SYNC_TEXT_BYTES];
	uint16_t set = 0;
	uint16_t set_again = 0;
	uint8_t k = 0;
	uint8_t k_again = 0;

	if (pg_sync_list_parse(&members, text, &set, &k) != 0) {
		return;
	}
	assert(k > 0 && (set & ~0xbU) == 0);
	pg_sync_list_format(&members, set, k, again);
	assert(strlen(again) == strlen(text)); /* the same words; their order is nobody's business */
	assert(pg_sync_list_parse(&members, again, &set_again, &k_again) == 0 && set == set_again && k == k_again);
}

static void as_failure(const char *text)
{
	char sqlstate[6];
	char words[120];

	(void)pg_reason_name(pg_reason_read(text, (strlen(text) & 1) != 0, sqlstate, words, sizeof(words)));
	assert(strlen(sqlstate) == 0 || strlen(sqlstate) == 5);
	assert(memchr(words, '\0', sizeof(words)) != NULL);
}

static void as_number(const char *text)
{
	char again[32];
	vrrp_lsn lsn;
	uint64_t number;

	if (pg_lsn_parse(text, &lsn) == 0) {
		(void)snprintf(again, sizeof(again), VRRP_LSN_FMT, VRRP_LSN_ARG(lsn));
		assert(pg_lsn_parse(again, &number) == 0 && number == lsn);
	}
	if (pg_u64_parse(text, 1000, &number) == 0) {
		assert(number <= 1000);
	}
	(void)pg_wal_name_timeline(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned kind = size > 0 ? data[0] % 7 : 0;
	char *text;

	if (size == 0) {
		return 0;
	}
	data++;
	size--;
	if (kind == 1) {
		as_history(data, size);
		return 0;
	}
	text = malloc(size + 1);
	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	switch (kind) {
	case 0:
		as_control(text);
		break;
	case 2:
		as_report(text);
		break;
	case 3:
		as_sync_list(text);
		break;
	case 4:
		as_failure(text);
		break;
	case 5:
		(void)pg_conninfo_check(text, &err);
		break;
	default:
		as_number(text);
		break;
	}
	free(text);
	return 0;
}

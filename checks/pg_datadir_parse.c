#include "checks/pg_datadir.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_query.h"
#include "checks/pg_wal.h"

#define PG_DATADIR_LINE_BYTES (PG_DATADIR_PATH_BYTES + 64)

static void pg_datadir_args_push(struct pg_datadir_args *args, const char *text)
{
	assert(args->count < PG_DATADIR_ARGS_MAX);
	args->argv[args->count++] = text;
	args->argv[args->count] = NULL;
}

void pg_datadir_args_add(struct pg_datadir_args *args, const char *name, const char *value)
{
	char *at = args->storage + args->used;
	size_t room = sizeof(args->storage) - args->used;
	int length = snprintf(at, room, "--%s=%s", name, value);

	assert(length > 0 && (size_t)length < room);
	args->used += (size_t)length + 1;
	pg_datadir_args_push(args, at);
}

void pg_datadir_args_init(struct pg_datadir_args *args, const char *verb, const struct pg_datadir_place *place)
{
	memset(args, 0, sizeof(*args));
	pg_datadir_args_push(args, PG_DATADIR_ARGV0);
	pg_datadir_args_push(args, verb);
	pg_datadir_args_add(args, "data", place->data_directory);
	pg_datadir_args_add(args, "bin", place->bin_directory);
	if (place->config_file != NULL && place->config_file[0] != '\0') {
		pg_datadir_args_add(args, "config", place->config_file);
	}
}

void pg_datadir_args_report(struct pg_datadir_args *args, const struct pg_datadir_place *place, uint32_t timeline)
{
	char number[16];

	pg_datadir_args_init(args, "report", place);
	(void)snprintf(number, sizeof(number), "%u", timeline);
	pg_datadir_args_add(args, "timeline", number);
}

static int pg_datadir_u32(const char *value, uint32_t *ret_number)
{
	uint64_t number;
	int result = pg_u64_parse(value, UINT32_MAX, &number);

	if (result == 0) {
		*ret_number = (uint32_t)number;
	}
	return result;
}

static int pg_datadir_bool(const char *value, bool *ret_bool)
{
	if ((value[0] != '0' && value[0] != '1') || value[1] != '\0') {
		return -EINVAL;
	}
	*ret_bool = value[0] == '1';
	return 0;
}

static int pg_datadir_text(const char *value, char *ret_text, size_t size)
{
	if (strlen(value) >= size) {
		return -EINVAL;
	}
	memcpy(ret_text, value, strlen(value) + 1);
	return 0;
}

/* "timeline X/X fingerprint" */
static int pg_datadir_history(char *value, struct vrrp_history *history)
{
	char *save = NULL;
	const char *timeline = strtok_r(value, " ", &save);
	const char *switch_point = strtok_r(NULL, " ", &save);
	const char *fingerprint = strtok_r(NULL, " ", &save);
	struct vrrp_timeline entry;

	if (fingerprint == NULL || strtok_r(NULL, " ", &save) != NULL || history->count == VRRP_HISTORY_MAX ||
		pg_datadir_u32(timeline, &entry.timeline) < 0 || entry.timeline == 0 ||
		pg_lsn_parse(switch_point, &entry.switch_point) < 0 ||
		pg_u64_parse(fingerprint, UINT64_MAX, &entry.fingerprint) < 0) {
		return -EINVAL;
	}
	if (history->count > 0 && history->entry[history->count - 1].timeline >= entry.timeline) {
		return -EINVAL;
	}
	history->entry[history->count++] = entry;
	return 0;
}

static int pg_datadir_line_control(struct pg_control *control, const char *key, const char *value)
{
	if (strcmp(key, "state") == 0) {
		control->state = pg_control_state_parse(value);
		return control->state != PG_CONTROL_UNKNOWN ? 0 : -EINVAL;
	}
	if (strcmp(key, "system_identifier") == 0) {
		return pg_u64_parse(value, UINT64_MAX, &control->system_identifier);
	}
	if (strcmp(key, "checkpoint_lsn") == 0) {
		return pg_lsn_parse(value, &control->checkpoint_lsn);
	}
	if (strcmp(key, "redo_lsn") == 0) {
		return pg_lsn_parse(value, &control->redo_lsn);
	}
	if (strcmp(key, "checkpoint_timeline") == 0) {
		return pg_datadir_u32(value, &control->checkpoint_timeline);
	}
	if (strcmp(key, "min_recovery_lsn") == 0) {
		return pg_lsn_parse(value, &control->min_recovery_lsn);
	}
	if (strcmp(key, "min_recovery_timeline") == 0) {
		return pg_datadir_u32(value, &control->min_recovery_timeline);
	}
	if (strcmp(key, "wal_log_hints") == 0) {
		return pg_datadir_bool(value, &control->wal_log_hints);
	}
	if (strcmp(key, "checksum_version") == 0) {
		return pg_datadir_u32(value, &control->checksum_version);
	}
	if (strcmp(key, "wal_segment_bytes") == 0) {
		return pg_datadir_u32(value, &control->wal_segment_bytes);
	}
	return strcmp(key, "wal_block_bytes") == 0 ? pg_datadir_u32(value, &control->wal_block_bytes) : 0;
}

static int pg_datadir_line(struct pg_datadir_report *report, const char *key, char *value)
{
	uint32_t number;
	int result;

	if (strcmp(key, "present") == 0) {
		return pg_datadir_bool(value, &report->present);
	}
	if (strcmp(key, "control_known") == 0) {
		return pg_datadir_bool(value, &report->control_known);
	}
	if (strcmp(key, "major") == 0 || strcmp(key, "owner_uid") == 0 || strcmp(key, "postmaster_pid") == 0) {
		result = pg_datadir_u32(value, &number);
		if (result == 0 && key[0] == 'm' && number < 100) {
			report->major = (int)number;
		} else if (result == 0 && key[0] == 'o') {
			report->owner_uid = number;
		} else if (result == 0 && key[0] == 'p' && number <= INT_MAX) {
			report->postmaster_pid = (pid_t)number;
		} else {
			result = -EINVAL;
		}
		return result;
	}
	if (strcmp(key, "shutdown_end_lsn") == 0) {
		return pg_lsn_parse(value, &report->shutdown_end_lsn);
	}
	if (strcmp(key, "postmaster_alive") == 0) {
		return pg_datadir_bool(value, &report->postmaster_alive);
	}
	if (strcmp(key, "orphans") == 0) {
		return pg_datadir_u32(value, &report->orphans);
	}
	if (strcmp(key, "standby_signal") == 0) {
		return pg_datadir_bool(value, &report->standby_signal);
	}
	if (strcmp(key, "upstream_empty") == 0) {
		return pg_datadir_bool(value, &report->upstream_empty);
	}
	if (strcmp(key, "recovery_signal") == 0) {
		return pg_datadir_bool(value, &report->recovery_signal);
	}
	if (strcmp(key, "backup_label") == 0) {
		return pg_datadir_bool(value, &report->backup_label);
	}
	if (strcmp(key, "tablespaces_outside") == 0) {
		return pg_datadir_u32(value, &report->tablespaces_outside);
	}
	if (strcmp(key, "config_file") == 0) {
		return pg_datadir_text(value, report->config_file, sizeof(report->config_file));
	}
	if (strcmp(key, "replay_file") == 0) {
		return pg_datadir_text(value, report->replay_file, sizeof(report->replay_file));
	}
	if (strcmp(key, "timeline") == 0) {
		return pg_datadir_u32(value, &report->timeline);
	}
	return strcmp(key, "history") == 0 ? pg_datadir_history(value, &report->history)
					   : pg_datadir_line_control(&report->control, key, value);
}

int pg_datadir_parse(const char *text, struct pg_datadir_report *ret_report, struct vip_err *err)
{
	struct pg_datadir_report report = { 0 };
	char line[PG_DATADIR_LINE_BYTES];
	unsigned number = 0;
	bool complete = false;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		char *equals;

		number++;
		if (complete || text[length] != '\n' || length >= sizeof(line)) {
			return vip_err_set(
				err, -EPROTO, "data directory's report: line %u is cut, too long or too many", number);
		}
		memcpy(line, text, length);
		line[length] = '\0';
		text += length + 1;
		complete = strcmp(line, "end") == 0;
		equals = strchr(line, '=');
		if (complete) {
			continue;
		}
		if (equals == NULL) {
			return vip_err_set(err, -EPROTO, "data directory's report: line %u: \"%.80s\"", number, line);
		}
		*equals = '\0';
		if (pg_datadir_line(&report, line, equals + 1) < 0) {
			return vip_err_set(
				err, -EPROTO, "data directory's report: %.40s is \"%.80s\"", line, equals + 1);
		}
	}
	if (!complete) {
		return vip_err_set(err, -EPROTO, "data directory's report: not complete after %u lines", number);
	}
	*ret_report = report;
	return 0;
}

#include "checks/pg_control.h"

#include <errno.h>
#include <string.h>

#include "checks/pg_query.h"

#define PG_CONTROL_LINE_BYTES 256

static const char *const pg_control_state_names[] = { [PG_CONTROL_UNKNOWN] = "unknown",
	[PG_CONTROL_STARTING_UP] = "starting up",
	[PG_CONTROL_SHUT_DOWN] = "shut down",
	[PG_CONTROL_SHUT_DOWN_IN_RECOVERY] = "shut down in recovery",
	[PG_CONTROL_SHUTTING_DOWN] = "shutting down",
	[PG_CONTROL_IN_CRASH_RECOVERY] = "in crash recovery",
	[PG_CONTROL_IN_ARCHIVE_RECOVERY] = "in archive recovery",
	[PG_CONTROL_IN_PRODUCTION] = "in production" };

const char *pg_control_state_name(enum pg_control_state state)
{
	return pg_control_state_names[state];
}

enum pg_control_state pg_control_state_parse(const char *text)
{
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(pg_control_state_names); i++) {
		if (strcmp(text, pg_control_state_names[i]) == 0) {
			return (enum pg_control_state)i;
		}
	}
	return PG_CONTROL_UNKNOWN;
}

/* Copies the value of the line "key:   value" into ret_value. 0, or -EPROTO when there is no such line or it is long.
 */
static int pg_control_line(const char *text, const char *key, char ret_value[PG_CONTROL_LINE_BYTES])
{
	size_t key_length = strlen(key);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *end = strchrnul(line, '\n');

		if (strncmp(line, key, key_length) == 0 && line[key_length] == ':') {
			const char *value = line + key_length + 1;
			size_t length;

			value += strspn(value, " ");
			length = (size_t)(end > value ? end - value : 0);
			if (length >= PG_CONTROL_LINE_BYTES) {
				return -EPROTO;
			}
			memcpy(ret_value, value, length);
			ret_value[length] = '\0';
			return 0;
		}
		line = *end == '\n' ? end + 1 : NULL;
	}
	return -EPROTO;
}

struct pg_control_reader {
	const char *text;
	const char *bad; /* first line that is missing or wrong */
};

static uint64_t pg_control_u64(struct pg_control_reader *reader, const char *key, uint64_t max)
{
	char value[PG_CONTROL_LINE_BYTES];
	uint64_t number = 0;

	if (pg_control_line(reader->text, key, value) < 0 || pg_u64_parse(value, max, &number) < 0) {
		reader->bad = reader->bad != NULL ? reader->bad : key;
	}
	return number;
}

static vrrp_lsn pg_control_lsn(struct pg_control_reader *reader, const char *key)
{
	char value[PG_CONTROL_LINE_BYTES];
	vrrp_lsn lsn = 0;

	if (pg_control_line(reader->text, key, value) < 0 || pg_lsn_parse(value, &lsn) < 0) {
		reader->bad = reader->bad != NULL ? reader->bad : key;
	}
	return lsn;
}

int pg_control_parse(const char *text, struct pg_control *ret_control, struct vip_err *err)
{
	struct pg_control_reader reader = { .text = text };
	struct pg_control control = { 0 };
	char value[PG_CONTROL_LINE_BYTES];

	if (pg_control_line(text, "Database cluster state", value) == 0) {
		control.state = pg_control_state_parse(value);
	}
	if (control.state == PG_CONTROL_UNKNOWN) {
		reader.bad = "Database cluster state";
	}
	control.system_identifier = pg_control_u64(&reader, "Database system identifier", UINT64_MAX);
	control.checkpoint_lsn = pg_control_lsn(&reader, "Latest checkpoint location");
	control.redo_lsn = pg_control_lsn(&reader, "Latest checkpoint's REDO location");
	control.checkpoint_timeline = (uint32_t)pg_control_u64(&reader, "Latest checkpoint's TimeLineID", UINT32_MAX);
	control.min_recovery_lsn = pg_control_lsn(&reader, "Minimum recovery ending location");
	control.min_recovery_timeline =
		(uint32_t)pg_control_u64(&reader, "Min recovery ending loc's timeline", UINT32_MAX);
	control.checksum_version = (uint32_t)pg_control_u64(&reader, "Data page checksum version", UINT32_MAX);
	control.wal_segment_bytes = (uint32_t)pg_control_u64(&reader, "Bytes per WAL segment", UINT32_MAX);
	control.wal_block_bytes = (uint32_t)pg_control_u64(&reader, "WAL block size", UINT32_MAX);
	if (pg_control_line(text, "wal_log_hints setting", value) < 0 ||
		(strcmp(value, "on") != 0 && strcmp(value, "off") != 0)) {
		reader.bad = reader.bad != NULL ? reader.bad : "wal_log_hints setting";
	}
	if (reader.bad != NULL) {
		return vip_err_set(err, -EPROTO, "pg_controldata's output has no readable line \"%s\"", reader.bad);
	}
	control.wal_log_hints = strcmp(value, "on") == 0;
	*ret_control = control;
	return 0;
}

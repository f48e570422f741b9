/*
 * Reads what pg_controldata prints (LC_ALL=C), PostgreSQL 13 to 18. Pure; pg_datadir runs the tool.
 *
 * Only `shut down` makes the end of WAL known from here: checkpoint_lsn is where that last record *begins*;
 * pg_datadir adds where it ends. `shut down in recovery` can lie far behind what was received (protocol.md section 6).
 */
#ifndef CHECKS_PG_CONTROL_H
#define CHECKS_PG_CONTROL_H

#include "vrrp/base.h"
#include "vrrp/err.h"

enum pg_control_state {
	PG_CONTROL_UNKNOWN,
	PG_CONTROL_STARTING_UP,
	PG_CONTROL_SHUT_DOWN,
	PG_CONTROL_SHUT_DOWN_IN_RECOVERY,
	PG_CONTROL_SHUTTING_DOWN,
	PG_CONTROL_IN_CRASH_RECOVERY,
	PG_CONTROL_IN_ARCHIVE_RECOVERY,
	PG_CONTROL_IN_PRODUCTION
};

struct pg_control {
	enum pg_control_state state;
	uint64_t system_identifier;
	vrrp_lsn checkpoint_lsn;
	vrrp_lsn redo_lsn;
	uint32_t checkpoint_timeline;
	vrrp_lsn min_recovery_lsn;
	uint32_t min_recovery_timeline;
	bool wal_log_hints;
	uint32_t checksum_version; /* 0 = no data checksums */
	uint32_t wal_segment_bytes;
	uint32_t wal_block_bytes;
};

/* PostgreSQL's own words for a state ("shut down in recovery"), and back. */
const char *pg_control_state_name(enum pg_control_state state);
enum pg_control_state pg_control_state_parse(const char *text);

/* Parses the whole output. 0, or -EPROTO naming the line that is missing or wrong. */
int pg_control_parse(const char *text, struct pg_control *ret_control, struct vip_err *err);

#endif

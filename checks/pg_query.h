/*
 * The SQL that asks a PostgreSQL (13 to 18) for its state, and the pure parser of the answer. One statement, one row.
 *
 * The timeline. On a primary the timeline of the running instance is in the name of the WAL file being written,
 * pg_walfile_name(pg_current_wal_insert_lsn()): right at once after a promotion, when pg_control still names the old
 * one until the first checkpoint. On a standby that has a WAL receiver: received_tli, the timeline it asked for, which
 * PostgreSQL derives from the history for the point reached. On a standby without one no SQL function tells it;
 * pg_control's two (checkpoint, end of minimum recovery) are lower bounds, and so is the last received_tli seen by the
 * same connection's postmaster: pg_probe keeps the greatest of these; timeline_exact says which of the two it is, and
 * pg_datadir's report has the exact one (the name of the WAL file that the startup process reads).
 *
 * The role: not a superuser. What it needs is pg_grants_sql (13 and 14 need one: see there).
 */
#ifndef CHECKS_PG_QUERY_H
#define CHECKS_PG_QUERY_H

#include "checks/pg_conn.h"
#include "checks/pg_sync_list.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_VERSION_MIN 130000
#define PG_VERSION_BEYOND 190000 /* tested up to below this; newer are asked like the newest known */

/* What one probe has learned. Positions 0 = not known to PostgreSQL (NULL). */
struct pg_state {
	int server_version_num;
	bool in_recovery;
	uint64_t system_identifier;
	uint32_t timeline;
	bool timeline_exact;
	uint32_t checkpoint_timeline; /* pg_control: of the last checkpoint; == timeline: pg_rewind may trust it */
	vrrp_lsn checkpoint_lsn;
	vrrp_lsn received_lsn; /* in recovery; 0 on a primary */
	vrrp_lsn replayed_lsn; /* in recovery; 0 on a primary */
	vrrp_lsn flush_lsn;    /* primary: pg_current_wal_flush_lsn; 0 in recovery */
	vrrp_lsn position;     /* protocol.md section 6 */
	bool position_known;
	bool replay_paused;
	bool receiver_present; /* a WAL receiver process exists, be it that it still connects */
	bool streaming;        /* its status is "streaming" */
	char upstream_host[256];
	uint16_t upstream_port;
	char upstream_slot[64];
	int64_t replay_lag_ms; /* 0 when all received is replayed; -1 = not known */
	bool fsync;
	bool full_page_writes;
	bool hot_standby;
	bool wal_log_hints;
	bool data_checksums;
	char synchronous_commit[16];
	char synchronous_standby_names[PG_SYNC_TEXT_BYTES]; /* a longer one is cut, so none of ours */
	char primary_conninfo[PG_CONNINFO_BYTES_MAX];       /* "" also when unreadable */
	bool primary_conninfo_readable;
	char primary_slot_name[64];
	uint32_t wal_segment_bytes;
	uint16_t port;
	int64_t postmaster_start_us; /* of pg_postmaster_start_time, microseconds since 1970: another one = restarted */
	char startup_wait_event[64]; /* of the startup process; "" = none or no such process */
	pid_t startup_pid;
	uint32_t walsenders;       /* connections streaming from here */
	struct pg_sync_state sync; /* a primary whose walsenders are asked for (pg_probe) */
};

/* The statement for a server of this version (0 = not yet known: works for every supported one). Static text. */
const char *pg_query_state_sql(int server_version_num);

/* Reads its answer. 0, or -EPROTO with the column that is wrong. Pure. */
int pg_query_state_parse(const struct pg_rows *rows, struct pg_state *ret_state, struct vip_err *err);

/* Whether recovery goes on ("t", "f"), and what the startup process waits for (NULL: nothing, or not to be seen). */
const char *pg_query_recovery_sql(void);

/* Forces one local WAL flush and does not wait for standbys; for a primary, asks nothing of the schema. */
const char *pg_query_write_probe_sql(void);

/*
 * What an administrator runs once, in the database that conninfo names, for the role vipd. Before 15
 * ALTER SYSTEM and CHECKPOINT cannot be granted: there the role must be a superuser (pg_grants_need_superuser).
 */
const char *pg_grants_sql(int server_version_num);
bool pg_grants_need_superuser(int server_version_num);

/* "A/B" to an LSN; 0 or -EINVAL. Nothing may follow. */
int pg_lsn_parse(const char *text, vrrp_lsn *ret_lsn);

/* Decimal, nothing before or after, within 0 … max. 0 or -EINVAL. */
int pg_u64_parse(const char *text, uint64_t max, uint64_t *ret_value);

#endif

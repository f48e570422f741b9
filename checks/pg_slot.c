#include "checks/pg_slot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* A statement that has an effect stands where it is evaluated last: above a subquery that the planner must not pull up
 * (OFFSET 0). One that becomes active in between is an error of PostgreSQL's, and tried again. */
int pg_slot_drop_sql(uint64_t keep_bytes, char *ret_sql, size_t size)
{
	int length = snprintf(ret_sql, size,
		"SELECT x.slot_name, pg_catalog.pg_drop_replication_slot(x.slot_name) FROM ("
		"SELECT s.slot_name FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_type = 'physical'"
		" AND NOT s.temporary AND NOT s.active AND pg_catalog.left(s.slot_name::text, 5) = 'vipd_'"
		" AND CASE WHEN s.wal_status = 'lost' THEN true WHEN s.restart_lsn IS NULL THEN false"
		" WHEN pg_catalog.pg_is_in_recovery() THEN true"
		" ELSE pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn) > %" PRIu64 " END"
		" OFFSET 0) AS x",
		keep_bytes);

	return length < 0 || (size_t)length >= size ? -E2BIG : 0;
}

int pg_slot_create_sql(const struct pg_sync_members *members, uint16_t set, char *ret_sql, size_t size)
{
	char names[PG_SYNC_TEXT_BYTES];
	int length;

	pg_sync_array_format(members, set, names);
	length = snprintf(ret_sql, size,
		"SELECT pg_catalog.count(pg_catalog.pg_create_physical_replication_slot(x.name::name)) FROM ("
		"SELECT " PG_SYNC_SLOT_SQL " AS name FROM pg_catalog.unnest(%s::text[]) AS member(name)"
		" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots AS s"
		" WHERE s.slot_name = " PG_SYNC_SLOT_SQL ") OFFSET 0) AS x",
		names);
	return length < 0 || (size_t)length >= size ? -E2BIG : 0;
}

/*
 * Reads one WAL record out of raw pages, PostgreSQL 13 to 18: the fingerprint of a timeline (protocol.md section 6).
 *
 * Two promotions can carry the same timeline number and the same switch point; what differs is the first record on the
 * new timeline, its CRC and its time: XLOG_END_OF_RECOVERY (xl_end_of_recovery.end_time) or XLOG_CHECKPOINT_* (the
 * checkpoint's time). Of another record only the CRC counts, time 0. The fingerprint mixes both into 64 bits; 0 is
 * "unknown" and never the value of a record.
 *
 * Pure functions over bytes, hostile input included (a disk may hold anything): every length is checked before use and
 * the record's CRC-32C is verified. Little-endian machines' WAL only, as PostgreSQL writes it on the supported hosts.
 * Layout: access/xlogrecord.h, access/xlog_internal.h, catalog/pg_control.h.
 */
#ifndef CHECKS_PG_WAL_H
#define CHECKS_PG_WAL_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_WAL_RECORD_BYTES_MAX 8192 /* a longer record at a switch point is not fingerprinted */
#define PG_WAL_NAME_BYTES 32

/* How WAL is cut up: from the long header of a segment's first page, or from pg_control. */
struct pg_wal_format {
	uint32_t segment_bytes;
	uint32_t page_bytes;
};

struct pg_wal_record {
	vrrp_lsn lsn;     /* where it begins (after a page header if one stood at the point asked for) */
	vrrp_lsn end_lsn; /* where the next one begins */
	vrrp_lsn prev_lsn;
	uint32_t total_bytes;
	uint32_t crc;
	uint8_t resource_manager;
	uint8_t info; /* with the low four bits cleared */
	int64_t time; /* as the record has it; 0 = not one of the three records */
};

/* The page magic of a major version (13 … 18), or 0. */
uint16_t pg_wal_magic(int major);

/* "000000020000000000000005": the file of a timeline that holds lsn. */
void pg_wal_name(uint32_t timeline, vrrp_lsn lsn, uint32_t segment_bytes, char ret_name[PG_WAL_NAME_BYTES]);

/* Timeline of a WAL file name (24 hex digits at its beginning), or 0. */
uint32_t pg_wal_name_timeline(const char *name);

/* Reads a segment's long header. 0, or -EPROTO. size: bytes given, from the beginning of the file. */
int pg_wal_format_parse(
	int major, const uint8_t *bytes, size_t size, struct pg_wal_format *ret_format, struct vip_err *err);

/*
 * Reads the record at `lsn` (or behind the page header there). `bytes` are consecutive whole pages of which the first
 * begins at pages_lsn, a multiple of the page size; they may run over the end of a segment. 0, -ENODATA (zeros: nothing
 * was written there yet), -EMSGSIZE (record longer than the bytes given or the bound), or -EPROTO (no valid record).
 */
int pg_wal_record_read(int major, const struct pg_wal_format *format, const uint8_t *bytes, size_t size,
	vrrp_lsn pages_lsn, vrrp_lsn lsn, struct pg_wal_record *ret_record, struct vip_err *err);

/* 64-bit mix of crc and time, never 0. */
uint64_t pg_wal_fingerprint(const struct pg_wal_record *record);

/* CRC-32C (Castagnoli) as PostgreSQL computes it; for tests. */
uint32_t pg_wal_crc32c(const void *bytes, size_t size);

#endif

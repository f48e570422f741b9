#include "checks/pg_wal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* access/xlog_internal.h: XLogPageHeaderData, XLogLongPageHeaderData, MAXALIGNed. */
#define PG_PAGE_HEADER_BYTES 24
#define PG_PAGE_LONG_HEADER_BYTES 40
#define PG_PAGE_CONTRECORD 0x0001
#define PG_PAGE_LONG_HEADER 0x0002
/* access/xlogrecord.h: XLogRecord */
#define PG_RECORD_HEADER_BYTES 24
#define PG_RECORD_CRC_OFFSET 20
#define PG_BLOCK_ID_DATA_SHORT 255
#define PG_BLOCK_ID_DATA_LONG 254
/* access/rmgr: RM_XLOG_ID; catalog/pg_control.h */
#define PG_RM_XLOG 0
#define PG_XLOG_CHECKPOINT_SHUTDOWN 0x00
#define PG_XLOG_CHECKPOINT_ONLINE 0x10
#define PG_XLOG_END_OF_RECOVERY 0x90
#define PG_CHECKPOINT_TIME_OFFSET 64 /* offsetof(CheckPoint, time), 13 to 18 */

uint16_t pg_wal_magic(int major)
{
	static const uint16_t magic[] = { 0xD106, 0xD10D, 0xD110, 0xD113, 0xD116, 0xD118 };

	return major >= 13 && major - 13 < (int)VRRP_ARRAY_LENGTH(magic) ? magic[major - 13] : 0;
}

void pg_wal_name(uint32_t timeline, vrrp_lsn lsn, uint32_t segment_bytes, char ret_name[PG_WAL_NAME_BYTES])
{
	uint64_t segment = lsn / segment_bytes;
	uint64_t per_id = (UINT64_C(1) << 32) / segment_bytes;

	(void)snprintf(ret_name, PG_WAL_NAME_BYTES, "%08X%08X%08X", timeline, (uint32_t)(segment / per_id),
		(uint32_t)(segment % per_id));
}

uint32_t pg_wal_name_timeline(const char *name)
{
	uint32_t timeline = 0;

	if (strspn(name, "0123456789ABCDEF") < 24) {
		return 0;
	}
	for (unsigned i = 0; i < 8; i++) {
		timeline = timeline << 4 | (uint32_t)(name[i] <= '9' ? name[i] - '0' : name[i] - 'A' + 10);
	}
	return timeline;
}

uint32_t pg_wal_crc32c(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint32_t crc = UINT32_MAX;

	/* Bit by bit: a record of a few dozen bytes, once a timeline. */
	for (size_t i = 0; i < size; i++) {
		crc ^= at[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (0x82F63B78U & (0U - (crc & 1)));
		}
	}
	return ~crc;
}

static uint16_t pg_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t pg_get32(const uint8_t *at)
{
	return (uint32_t)pg_get16(at) | (uint32_t)pg_get16(at + 2) << 16;
}

static uint64_t pg_get64(const uint8_t *at)
{
	return (uint64_t)pg_get32(at) | (uint64_t)pg_get32(at + 4) << 32;
}

static bool pg_is_power_of_2(uint32_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static bool pg_wal_format_valid(const struct pg_wal_format *format)
{
	return pg_is_power_of_2(format->segment_bytes) && format->segment_bytes >= 1 << 20 &&
	       format->segment_bytes <= 1 << 30 && pg_is_power_of_2(format->page_bytes) && format->page_bytes >= 1024 &&
	       format->page_bytes <= 65536;
}

int pg_wal_format_parse(
	int major, const uint8_t *bytes, size_t size, struct pg_wal_format *ret_format, struct vip_err *err)
{
	struct pg_wal_format format;

	if (size < PG_PAGE_LONG_HEADER_BYTES || pg_wal_magic(major) == 0 || pg_get16(bytes) != pg_wal_magic(major) ||
		(pg_get16(bytes + 2) & PG_PAGE_LONG_HEADER) == 0) {
		return vip_err_set(err, -EPROTO, "not the first page of a WAL segment of PostgreSQL %d", major);
	}
	format.segment_bytes = pg_get32(bytes + 32);
	format.page_bytes = pg_get32(bytes + 36);
	if (!pg_wal_format_valid(&format)) {
		return vip_err_set(err, -EPROTO, "a WAL segment of %u bytes in pages of %u", format.segment_bytes,
			format.page_bytes);
	}
	*ret_format = format;
	return 0;
}

/* Raw pages, and how far one has come in them. */
struct pg_wal_cursor {
	int major;
	const struct pg_wal_format *format;
	const uint8_t *bytes;
	size_t size;
	vrrp_lsn base;
	vrrp_lsn at;
	uint32_t remaining; /* bytes of the record still to come, for the check of the continuation's header */
	struct vip_err *err;
};

/* Is this page there, written, and the one it should be? A recycled segment holds old pages with valid old records. */
static int pg_wal_page_check(const struct pg_wal_cursor *cursor, vrrp_lsn lsn)
{
	const uint8_t *page = cursor->bytes + (lsn - cursor->base);
	bool first = lsn % cursor->format->segment_bytes == 0;

	if (cursor->size - (size_t)(lsn - cursor->base) < cursor->format->page_bytes) {
		return vip_err_set(cursor->err, -EMSGSIZE, "the record goes on beyond the pages that were read");
	}
	if (pg_get16(page) == 0 && pg_get64(page + 8) == 0) {
		return vip_err_set(
			cursor->err, -ENODATA, "the page at " VRRP_LSN_FMT " has not been written", VRRP_LSN_ARG(lsn));
	}
	if (pg_get16(page) != pg_wal_magic(cursor->major) || pg_get64(page + 8) != lsn ||
		((pg_get16(page + 2) & PG_PAGE_LONG_HEADER) != 0) != first) {
		return vip_err_set(cursor->err, -EPROTO, "the page header at " VRRP_LSN_FMT " is not PostgreSQL %d's",
			VRRP_LSN_ARG(lsn), cursor->major);
	}
	return 0;
}

/* At a page's beginning: checks its header and steps over it. contrecord: the record is expected to go on here. */
static int pg_wal_page_enter(struct pg_wal_cursor *cursor, bool contrecord)
{
	const uint8_t *page = cursor->bytes + (cursor->at - cursor->base);
	int result = pg_wal_page_check(cursor, cursor->at);

	if (result < 0) {
		return result;
	}
	if (((pg_get16(page + 2) & PG_PAGE_CONTRECORD) != 0) != contrecord ||
		(contrecord && pg_get32(page + 16) != cursor->remaining)) {
		return vip_err_set(cursor->err, -EPROTO, "no record %s at " VRRP_LSN_FMT,
			contrecord ? "goes on" : "begins", VRRP_LSN_ARG(cursor->at));
	}
	cursor->at +=
		cursor->at % cursor->format->segment_bytes == 0 ? PG_PAGE_LONG_HEADER_BYTES : PG_PAGE_HEADER_BYTES;
	return 0;
}

/* Copies count bytes of a record, over page headers. */
static int pg_wal_take(struct pg_wal_cursor *cursor, uint8_t *to, size_t count)
{
	while (count > 0) {
		size_t in_page = cursor->format->page_bytes - (size_t)(cursor->at % cursor->format->page_bytes);
		size_t left = cursor->size - (size_t)(cursor->at - cursor->base);
		size_t step = count < in_page ? count : in_page;

		if (cursor->at % cursor->format->page_bytes == 0) {
			int result = pg_wal_page_enter(cursor, true);

			if (result < 0) {
				return result;
			}
			continue;
		}
		if (step > left) {
			return vip_err_set(
				cursor->err, -EMSGSIZE, "the record goes on beyond the pages that were read");
		}
		memcpy(to, cursor->bytes + (cursor->at - cursor->base), step);
		cursor->at += step;
		cursor->remaining -= (uint32_t)step;
		to += step;
		count -= step;
	}
	return 0;
}

/* The time in an END_OF_RECOVERY or CHECKPOINT record, whose only part is its main data. 0: another record. */
static int64_t pg_wal_record_time(const uint8_t *record, uint32_t total)
{
	uint8_t info = record[16] & 0xF0;
	const uint8_t *data = record + PG_RECORD_HEADER_BYTES;
	size_t left = total - PG_RECORD_HEADER_BYTES;
	size_t offset;
	size_t header;

	if (record[17] != PG_RM_XLOG || left < 2) {
		return 0;
	}
	header = data[0] == PG_BLOCK_ID_DATA_SHORT ? 2 : data[0] == PG_BLOCK_ID_DATA_LONG ? 5 : 0;
	if (header == 0) {
		return 0;
	}
	switch (info) {
	case PG_XLOG_END_OF_RECOVERY:
		offset = 0;
		break;
	case PG_XLOG_CHECKPOINT_SHUTDOWN:
	case PG_XLOG_CHECKPOINT_ONLINE:
		offset = PG_CHECKPOINT_TIME_OFFSET;
		break;
	default:
		return 0;
	}
	if (left < header + offset + 8) {
		return 0;
	}
	return (int64_t)pg_get64(data + header + offset);
}

/* The CRC runs over what follows the header first, then over the header up to the CRC itself. */
static bool pg_wal_record_crc_right(const uint8_t *record, uint32_t total)
{
	uint8_t order[PG_WAL_RECORD_BYTES_MAX];
	size_t body = total - PG_RECORD_HEADER_BYTES;

	memcpy(order, record + PG_RECORD_HEADER_BYTES, body);
	memcpy(order + body, record, PG_RECORD_CRC_OFFSET);
	return pg_wal_crc32c(order, body + PG_RECORD_CRC_OFFSET) == pg_get32(record + PG_RECORD_CRC_OFFSET);
}

static int pg_wal_record_take(struct pg_wal_cursor *cursor, struct pg_wal_record *ret_record)
{
	uint8_t record[PG_WAL_RECORD_BYTES_MAX];
	vrrp_lsn lsn = cursor->at;
	uint32_t total;
	int result;

	cursor->remaining = 4;
	result = pg_wal_take(cursor, record, 4); /* records are 8-aligned, so the length is never split */
	if (result < 0) {
		return result;
	}
	total = pg_get32(record);
	if (total == 0) {
		return vip_err_set(
			cursor->err, -ENODATA, "no record has been written at " VRRP_LSN_FMT, VRRP_LSN_ARG(lsn));
	}
	if (total < PG_RECORD_HEADER_BYTES) {
		return vip_err_set(
			cursor->err, -EPROTO, "a record of %u bytes at " VRRP_LSN_FMT, total, VRRP_LSN_ARG(lsn));
	}
	if (total > sizeof(record)) {
		return vip_err_set(
			cursor->err, -EMSGSIZE, "a record of %u bytes at " VRRP_LSN_FMT, total, VRRP_LSN_ARG(lsn));
	}
	cursor->remaining = total - 4;
	result = pg_wal_take(cursor, record + 4, total - 4);
	if (result < 0) {
		return result;
	}
	if (pg_get64(record + 8) >= lsn || !pg_wal_record_crc_right(record, total)) {
		return vip_err_set(cursor->err, -EPROTO, "no valid record at " VRRP_LSN_FMT, VRRP_LSN_ARG(lsn));
	}
	*ret_record = (struct pg_wal_record){ .lsn = lsn,
		.end_lsn = (cursor->at + 7) & ~UINT64_C(7),
		.prev_lsn = pg_get64(record + 8),
		.total_bytes = total,
		.crc = pg_get32(record + PG_RECORD_CRC_OFFSET),
		.resource_manager = record[17],
		.info = record[16] & 0xF0,
		.time = pg_wal_record_time(record, total) };
	return 0;
}

int pg_wal_record_read(int major, const struct pg_wal_format *format, const uint8_t *bytes, size_t size,
	vrrp_lsn pages_lsn, vrrp_lsn lsn, struct pg_wal_record *ret_record, struct vip_err *err)
{
	struct pg_wal_cursor cursor = {
		.major = major, .format = format, .bytes = bytes, .size = size, .base = pages_lsn, .at = lsn, .err = err
	};
	size_t offset;
	int result;

	if (pg_wal_magic(major) == 0 || !pg_wal_format_valid(format) || pages_lsn % format->page_bytes != 0 ||
		lsn < pages_lsn || lsn % 8 != 0 || lsn - pages_lsn >= size || lsn > UINT64_MAX - (UINT64_C(1) << 32)) {
		return vip_err_set(err, -EPROTO, "no record can stand at " VRRP_LSN_FMT, VRRP_LSN_ARG(lsn));
	}
	offset = (size_t)(lsn % format->page_bytes);
	if (offset != 0 && (offset < PG_PAGE_HEADER_BYTES ||
				   (lsn % format->segment_bytes == offset && offset < PG_PAGE_LONG_HEADER_BYTES))) {
		return vip_err_set(err, -EPROTO, "a page header stands at " VRRP_LSN_FMT, VRRP_LSN_ARG(lsn));
	}
	result = offset == 0 ? pg_wal_page_enter(&cursor, false) : pg_wal_page_check(&cursor, lsn - offset);
	return result < 0 ? result : pg_wal_record_take(&cursor, ret_record);
}

uint64_t pg_wal_fingerprint(const struct pg_wal_record *record)
{
	/* splitmix64's finalizer over both, so that neither can cancel the other by accident. */
	uint64_t mix =
		(uint64_t)record->time * UINT64_C(0x9E3779B97F4A7C15) ^ ((uint64_t)record->crc << 32 | record->crc);

	mix = (mix ^ mix >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	mix = (mix ^ mix >> 27) * UINT64_C(0x94D049BB133111EB);
	mix ^= mix >> 31;
	return mix != 0 ? mix : 1;
}

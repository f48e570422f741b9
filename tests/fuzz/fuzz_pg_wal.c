/*
 * Any pages as WAL. Half of the inputs get their page headers and the record's CRC put right, else no record would ever
 * be reached. A record that is taken lies within the pages that were given.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks/pg_wal.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE 1024 /* the smallest there can be, so that records cross pages */
#define PAGES 12  /* more than the longest record that is read */
#define SEGMENT (1U << 20)
#define HEADER 24
#define LONG_HEADER 40
#define CRC_AT 20

static void put(uint8_t *at, uint64_t value, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		at[i] = (uint8_t)(value >> 8 * i);
	}
}

/* Bytes of a page's header; the segment's first page has a longer one. */
static unsigned header_of(vrrp_lsn page)
{
	return page % SEGMENT == 0 ? LONG_HEADER : HEADER;
}

/* Headers as PostgreSQL writes them when a record of `total` bytes begins at `offset` of the first page. */
static void put_headers(uint8_t *pages, vrrp_lsn base, unsigned offset, uint32_t total)
{
	uint32_t left = total;

	for (unsigned i = 0; i < PAGES; i++) {
		vrrp_lsn lsn = base + i * PAGE;
		uint32_t room = i == 0 ? PAGE - offset : PAGE - header_of(lsn);

		put(pages + i * PAGE, pg_wal_magic(15), 2);
		put(pages + i * PAGE + 2,
			(uint64_t)(lsn % SEGMENT == 0 ? 2 : 0) | (uint64_t)(i > 0 && left > 0 ? 1 : 0), 2);
		put(pages + i * PAGE + 8, lsn, 8);
		put(pages + i * PAGE + 16, i > 0 ? left : 0, 4);
		left -= left < room ? left : room;
	}
}

/* The record's header, and the CRC over it and what follows it on this page and the next ones. */
static void put_record(uint8_t *pages, vrrp_lsn base, unsigned offset, uint32_t total)
{
	static uint8_t order[PAGES * PAGE];
	uint8_t *record = pages + offset;
	unsigned at = offset;
	uint32_t used = 0;

	put(record, total, 4);
	put(record + 8, base > 8 ? base - 8 : 0, 8);
	for (uint32_t i = 0; i < total && at < PAGES * PAGE; i++, at++) {
		at += at % PAGE == 0 ? header_of(base + at) : 0;
		if (i >= HEADER && at < PAGES * PAGE) {
			order[used++] = pages[at];
		}
	}
	memcpy(order + used, record, CRC_AT);
	put(record + CRC_AT, pg_wal_crc32c(order, used + CRC_AT), 4);
}

static void check_record(const struct pg_wal_record *record, vrrp_lsn base, size_t size, vrrp_lsn lsn)
{
	assert(record->lsn >= lsn && record->lsn <= lsn + LONG_HEADER);
	assert(record->end_lsn > record->lsn && record->end_lsn <= base + size);
	assert(record->end_lsn - record->lsn >= record->total_bytes);
	assert(record->total_bytes >= HEADER && record->total_bytes <= PG_WAL_RECORD_BYTES_MAX);
	assert(record->prev_lsn < record->lsn);
	assert(pg_wal_fingerprint(record) != 0);
}

static void read_record(const uint8_t *bytes, size_t size, vrrp_lsn base, vrrp_lsn lsn, struct pg_wal_format format)
{
	struct pg_wal_record record;
	struct vip_err err = { "" };
	uint8_t *exact = malloc(size > 0 ? size : 1); /* so that reading behind the end is seen */
	int code;

	assert(exact != NULL);
	memcpy(exact, bytes, size);
	code = pg_wal_record_read(15, &format, exact, size, base, lsn, &record, &err);
	if (code == 0) {
		check_record(&record, base, size, lsn);
	} else {
		assert(code == -EPROTO || code == -ENODATA || code == -EMSGSIZE);
		assert(err.text[0] != '\0');
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t pages[PAGES * PAGE];
	struct input input = { data, size };
	struct pg_wal_format format = { 0, 0 };
	unsigned how = input_byte(&input);
	vrrp_lsn base = (how & 1) != 0 ? SEGMENT * UINT64_C(5) : SEGMENT * UINT64_C(5) - 2 * PAGE;
	unsigned offset = input_below(&input, 128) * 8;
	uint32_t total = HEADER + input_byte(&input) + (how & 2) * 4096U + (how & 0x40) * 30U;

	(void)pg_wal_format_parse(13 + (int)(how >> 5), input.data, input.size, &format, NULL);
	if ((how & 4) != 0) { /* as it is, every number the fuzzer's */
		format = (struct pg_wal_format){ (uint32_t)input_u64(&input), (uint32_t)input_u64(&input) };
		base = input_u64(&input);
		read_record(input.data, input.size, base, base + offset, format);
		return 0;
	}
	memset(pages, 0, sizeof(pages));
	(void)input_bytes(&input, pages, sizeof(pages));
	if ((how & 8) == 0) {
		put_headers(pages, base, offset, total);
		if (offset >= LONG_HEADER && offset + HEADER <= PAGE) {
			put_record(pages, base, offset, total);
		}
	}
	format = (struct pg_wal_format){ SEGMENT, PAGE };
	read_record(pages, sizeof(pages) - (how & 16) * 20, base, base + offset, format);
	return 0;
}

/*
 * pg_wal and pg_history: WAL pages built byte by byte as PostgreSQL 13 to 18 lay them out, then damaged. (That real WAL
 * gives the same fingerprint on both sides of a promotion is shown in test_pg_rejoin.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_history.h"
#include "checks/pg_wal.h"

#define PAGE 8192
#define SEGMENT (16 * 1024 * 1024)
#define PAGES 4

static uint8_t bytes[PAGES * PAGE];
static vrrp_lsn base;
static struct pg_wal_format format = { .segment_bytes = SEGMENT, .page_bytes = PAGE };
static struct pg_wal_record found;

static void put(uint8_t *at, uint64_t value, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		at[i] = (uint8_t)(value >> 8 * i);
	}
}

static size_t header_bytes(vrrp_lsn page)
{
	return page % SEGMENT == 0 ? 40 : 24;
}

static void pages_init(int major, vrrp_lsn first)
{
	base = first;
	memset(bytes, 0, sizeof(bytes));
	for (unsigned i = 0; i < PAGES; i++) {
		uint8_t *page = bytes + i * PAGE;
		vrrp_lsn lsn = first + i * PAGE;

		put(page, pg_wal_magic(major), 2);
		put(page + 2, header_bytes(lsn) == 40 ? 2 : 0, 2);
		put(page + 4, 2, 4);
		put(page + 8, lsn, 8);
		if (header_bytes(lsn) == 40) {
			put(page + 24, 42, 8);
			put(page + 32, SEGMENT, 4);
			put(page + 36, PAGE, 4);
		}
	}
}

/* Lays a record over the pages from lsn on; headers of pages it continues on get flag and remaining length. */
static void record_put(vrrp_lsn lsn, const uint8_t *record, size_t total)
{
	vrrp_lsn at = lsn;

	for (size_t i = 0; i < total; i++) {
		if (at % PAGE == 0) {
			uint8_t *page = bytes + (at - base);

			if (i > 0) {
				page[2] |= 1;
				put(page + 16, total - i, 4);
			}
			at += header_bytes(at);
		}
		bytes[at++ - base] = record[i];
	}
}

static size_t record_make(
	uint8_t *record, uint8_t info, uint8_t manager, vrrp_lsn prev, const uint8_t *data, size_t size)
{
	uint8_t order[PG_WAL_RECORD_BYTES_MAX];
	size_t total = 24 + 2 + size;

	memset(record, 0, 24);
	put(record, total, 4);
	put(record + 8, prev, 8);
	record[16] = info;
	record[17] = manager;
	record[24] = 255;
	record[25] = (uint8_t)size;
	memcpy(record + 26, data, size);
	memcpy(order, record + 24, total - 24);
	memcpy(order + total - 24, record, 20);
	put(record + 20, pg_wal_crc32c(order, total - 4), 4);
	return total;
}

static size_t end_of_recovery(uint8_t *record, int64_t time)
{
	uint8_t data[16] = { 0 };

	put(data, (uint64_t)time, 8);
	put(data + 8, 2, 4);
	put(data + 12, 1, 4);
	return record_make(record, 0x90, 0, base, data, sizeof(data));
}

static int read_at(vrrp_lsn lsn, size_t size)
{
	return pg_wal_record_read(15, &format, bytes, size, base, lsn, &found, NULL);
}

static void crc_is_castagnolis(void **state)
{
	(void)state;
	assert_int_equal(pg_wal_crc32c("123456789", 9), 0xE3069283);
}

static void a_record_of_every_version_in_the_middle_of_a_page(void **state)
{
	uint8_t record[128];

	(void)state;
	for (int major = 13; major <= 18; major++) {
		size_t total;

		pages_init(major, 5 * (vrrp_lsn)SEGMENT);
		total = end_of_recovery(record, 123456789);
		record_put(base + 104, record, total);
		assert_int_equal(
			pg_wal_record_read(major, &format, bytes, sizeof(bytes), base, base + 104, &found, NULL), 0);
		assert_int_equal(found.time, 123456789);
		assert_int_equal(found.info, 0x90);
		assert_int_equal(found.total_bytes, total);
		assert_int_equal(found.end_lsn, base + 104 + 48); /* 42 bytes, aligned to 8 */
		for (int other = 12; other <= 19; other++) {
			int result =
				pg_wal_record_read(other, &format, bytes, sizeof(bytes), base + 0, base, &found, NULL);

			assert_true(result < 0);
		}
	}
	assert_int_equal(pg_wal_magic(12), 0);
	assert_int_equal(pg_wal_magic(19), 0);
}

static void a_record_at_a_page_or_segment_boundary_begins_behind_the_header(void **state)
{
	uint8_t record[128];

	(void)state;
	pages_init(15, 5 * (vrrp_lsn)SEGMENT);
	record_put(base + 40, record, end_of_recovery(record, 7));
	assert_int_equal(read_at(base, sizeof(bytes)), 0);
	assert_int_equal(found.lsn, base + 40);
	assert_int_equal(found.time, 7);
	record_put(base + PAGE + 24, record, end_of_recovery(record, 8));
	assert_int_equal(read_at(base + PAGE, sizeof(bytes)), 0);
	assert_int_equal(found.lsn, base + PAGE + 24);
	/* In the middle of a header nothing can begin. */
	assert_int_equal(read_at(base + PAGE + 16, sizeof(bytes)), -EPROTO);
	assert_int_equal(read_at(base + 24, sizeof(bytes)), -EPROTO);
	assert_int_equal(read_at(base + PAGE + 4, sizeof(bytes)), -EPROTO);
}

/* At each 8-byte step before a page's end, and over the end of a segment. */
static void a_record_that_spans_pages(void **state)
{
	uint8_t record[128];

	(void)state;
	for (unsigned before = 8; before <= 48; before += 8) {
		size_t total;

		pages_init(15, 6 * (vrrp_lsn)SEGMENT - 2 * PAGE);
		total = end_of_recovery(record, 9);
		record_put(base + 2 * PAGE - before, record, total); /* the next page begins a segment */
		assert_int_equal(read_at(base + 2 * PAGE - before, sizeof(bytes)), 0);
		assert_int_equal(found.time, 9);
		assert_int_equal(found.end_lsn % 8, 0);
		if (before < total) {
			/* Not all of it there; then: not continued on the next page. */
			assert_int_equal(read_at(base + 2 * PAGE - before, 2 * PAGE), -EMSGSIZE);
			bytes[2 * PAGE + 2] &= 0xFE;
			assert_int_equal(read_at(base + 2 * PAGE - before, sizeof(bytes)), -EPROTO);
			bytes[2 * PAGE + 2] |= 1;
			put(bytes + 2 * PAGE + 16, 1, 4);
			assert_int_equal(read_at(base + 2 * PAGE - before, sizeof(bytes)), -EPROTO);
		}
	}
}

static void checkpoints_have_their_own_time_and_other_records_none(void **state)
{
	uint8_t record[256];
	uint8_t data[88] = { 0 };
	uint64_t first;

	(void)state;
	pages_init(15, 5 * (vrrp_lsn)SEGMENT);
	put(data + 64, 1700000000, 8);
	record_put(base + 104, record, record_make(record, 0x00, 0, base, data, sizeof(data)));
	assert_int_equal(read_at(base + 104, sizeof(bytes)), 0);
	assert_int_equal(found.time, 1700000000);
	record_put(base + 104, record, record_make(record, 0x10, 0, base, data, sizeof(data)));
	assert_int_equal(read_at(base + 104, sizeof(bytes)), 0);
	assert_int_equal(found.time, 1700000000);
	first = pg_wal_fingerprint(&found);
	put(data + 64, 1700000001, 8);
	record_put(base + 104, record, record_make(record, 0x10, 0, base, data, sizeof(data)));
	assert_int_equal(read_at(base + 104, sizeof(bytes)), 0);
	assert_true(pg_wal_fingerprint(&found) != first && first != 0);
	/* Another resource manager's, and a checkpoint that is too short for a time. */
	record_put(base + 104, record, record_make(record, 0x10, 1, base, data, sizeof(data)));
	assert_int_equal(read_at(base + 104, sizeof(bytes)), 0);
	assert_int_equal(found.time, 0);
	record_put(base + 104, record, record_make(record, 0x10, 0, base, data, 70));
	assert_int_equal(read_at(base + 104, sizeof(bytes)), 0);
	assert_int_equal(found.time, 0);
	assert_true(pg_wal_fingerprint(&found) != 0);
}

/* Every single damaged bit of record and page header is noticed; nothing is read out of bounds (sanitizers watch). */
static void damage_is_noticed(void **state)
{
	uint8_t record[128];
	vrrp_lsn lsn;
	size_t total;

	(void)state;
	pages_init(15, 5 * (vrrp_lsn)SEGMENT);
	total = end_of_recovery(record, 9);
	lsn = base + PAGE - 16;
	record_put(lsn, record, total);
	assert_int_equal(read_at(lsn, sizeof(bytes)), 0);
	for (size_t bit = 0; bit < 8 * (16 + 24 + total - 16); bit++) {
		size_t at = (size_t)(lsn - base) + bit / 8;

		/* Not under the CRC: the continuation header's unused flags, timeline, and padding. */
		if (at >= PAGE + 2 && at < PAGE + 8 && at != PAGE + 2) {
			continue;
		}
		if ((at == PAGE + 2 && bit % 8 > 1) || (at >= PAGE + 20 && at < PAGE + 24)) {
			continue;
		}
		bytes[at] ^= (uint8_t)(1 << bit % 8);
		if (read_at(lsn, sizeof(bytes)) >= 0) {
			fail_msg("bit %zu at offset %zu was not noticed", bit % 8, at);
		}
		bytes[at] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(read_at(lsn, sizeof(bytes)), 0);
}

static void what_is_not_there(void **state)
{
	(void)state;
	pages_init(15, 5 * (vrrp_lsn)SEGMENT);
	assert_int_equal(read_at(base + 104, sizeof(bytes)), -ENODATA); /* not written yet */
	memset(bytes + PAGE, 0, PAGE);
	assert_int_equal(read_at(base + PAGE, sizeof(bytes)), -ENODATA);
	assert_int_equal(read_at(base + 103, sizeof(bytes)), -EPROTO);
	assert_int_equal(read_at(base - 8, sizeof(bytes)), -EPROTO);
	assert_int_equal(read_at(base + sizeof(bytes), sizeof(bytes)), -EPROTO);
	assert_int_equal(read_at(base, 0), -EPROTO);
	assert_int_equal(read_at(base, 16), -EMSGSIZE);
	put(bytes + 104, 23, 4);
	assert_int_equal(read_at(base + 104, sizeof(bytes)), -EPROTO);
	put(bytes + 104, PG_WAL_RECORD_BYTES_MAX + 1, 4);
	assert_int_equal(read_at(base + 104, sizeof(bytes)), -EMSGSIZE);
}

/* Old pages with valid old records in them, at the very offset. */
static void a_recycled_segment_has_no_record(void **state)
{
	uint8_t record[128];

	(void)state;
	pages_init(15, 5 * (vrrp_lsn)SEGMENT);
	record_put(base + 104, record, end_of_recovery(record, 7));
	record_put(base + PAGE + 24, record, end_of_recovery(record, 7));
	assert_int_equal(read_at(base + 104, sizeof(bytes)), 0);
	assert_int_equal(read_at(base + PAGE, sizeof(bytes)), 0);
	put(bytes + 8, 4 * (vrrp_lsn)SEGMENT, 8);
	put(bytes + PAGE + 8, 4 * (vrrp_lsn)SEGMENT + PAGE, 8);
	assert_int_equal(read_at(base + 104, sizeof(bytes)), -EPROTO);
	assert_int_equal(read_at(base + PAGE, sizeof(bytes)), -EPROTO);
}

static void names_and_format(void **state)
{
	struct pg_wal_format read;
	char name[PG_WAL_NAME_BYTES];

	(void)state;
	pg_wal_name(0x1A, UINT64_C(0x12345678ABCDEF00), SEGMENT, name);
	assert_string_equal(name, "0000001A12345678000000AB");
	assert_int_equal(pg_wal_name_timeline(name), 0x1A);
	assert_int_equal(pg_wal_name_timeline("0000001A12345678000000A"), 0);
	assert_int_equal(pg_wal_name_timeline("0000001a12345678000000AB"), 0);
	assert_int_equal(pg_wal_name_timeline(""), 0);
	pg_wal_name(1, UINT64_C(0x140000000), 1 << 30, name);
	assert_string_equal(name, "000000010000000100000001");
	pages_init(15, 5 * (vrrp_lsn)SEGMENT);
	assert_int_equal(pg_wal_format_parse(15, bytes, 40, &read, NULL), 0);
	assert_int_equal(read.segment_bytes, SEGMENT);
	assert_int_equal(read.page_bytes, PAGE);
	assert_int_equal(pg_wal_format_parse(14, bytes, 40, &read, NULL), -EPROTO);
	assert_int_equal(pg_wal_format_parse(15, bytes, 39, &read, NULL), -EPROTO);
	put(bytes + 32, SEGMENT + 1, 4);
	assert_int_equal(pg_wal_format_parse(15, bytes, 40, &read, NULL), -EPROTO);
	put(bytes + 32, SEGMENT, 4);
	put(bytes + 36, 0, 4);
	assert_int_equal(pg_wal_format_parse(15, bytes, 40, &read, NULL), -EPROTO);
}

static int history(uint32_t timeline, const char *text, struct vrrp_history *ret_history)
{
	return pg_history_parse(timeline, text, strlen(text), ret_history, NULL);
}

static void histories(void **state)
{
	struct vrrp_history h;
	char long_one[512] = "";
	char name[PG_HISTORY_NAME_BYTES];

	(void)state;
	assert_int_equal(history(1, "", &h), 0);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.entry[0].switch_point, 0);
	assert_int_equal(
		history(3, "1\t0/3000000\tno recovery target specified\n\n2\t0/5000170\tbefore 2000-01-01\n", &h), 0);
	assert_int_equal(h.count, 3);
	assert_int_equal(h.entry[0].timeline, 1);
	assert_int_equal(h.entry[0].switch_point, 0);
	assert_int_equal(h.entry[1].switch_point, 0x3000000);
	assert_int_equal(h.entry[2].timeline, 3);
	assert_int_equal(h.entry[2].switch_point, 0x5000170);
	/* Without a newline at the end; a comment; two timelines that branched at one point. */
	assert_int_equal(history(5, "# x\n1 0/3000000 a\n2 0/3000000", &h), 0);
	assert_int_equal(h.entry[2].timeline, 5);
	/* Only the last eight are kept, the oldest of them with its own switch point. */
	for (int i = 1; i <= 11; i++) {
		(void)snprintf(long_one + strlen(long_one), sizeof(long_one) - strlen(long_one), "%d\t0/%X\tx\n", i,
			i * 0x100);
	}
	assert_int_equal(history(12, long_one, &h), 0);
	assert_int_equal(h.count, 8);
	assert_int_equal(h.entry[0].timeline, 5);
	assert_int_equal(h.entry[0].switch_point, 0x400);
	assert_int_equal(h.entry[7].timeline, 12);
	pg_history_name(12, name);
	assert_string_equal(name, "0000000C.history");
}

static void hostile_histories(void **state)
{
	static const char *const wrong[] = { "", "x\t0/1\ty\n", "1\n", "1\tzero\ty\n", "3\t0/1\ty\n", "4\t0/1\ty\n",
		"2\t0/2\ty\n1\t0/3\ty\n", "1\t0/3\ty\n2\t0/2\ty\n", "1\t0/0\ty\n", "0\t0/1\ty\n",
		"1\t0/1\ty\n1\t0/2\ty\n", "99999999999999999999\t0/1\ty\n", "1\t0/111111111111111111111111111\ty\n" };
	struct vrrp_history h = { .count = 77 };

	(void)state;
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(wrong); i++) {
		if (history(3, wrong[i], &h) != -EPROTO) {
			fail_msg("accepted: %s", wrong[i]);
		}
	}
	assert_int_equal(pg_history_parse(3, "1\0\t0/1\ty\n", 9, &h, NULL), -EPROTO);
	assert_int_equal(pg_history_parse(3, "", PG_HISTORY_FILE_BYTES_MAX + 1, &h, NULL), -EPROTO);
	assert_int_equal(h.count, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_castagnolis),
		cmocka_unit_test(a_record_of_every_version_in_the_middle_of_a_page),
		cmocka_unit_test(a_record_at_a_page_or_segment_boundary_begins_behind_the_header),
		cmocka_unit_test(a_record_that_spans_pages),
		cmocka_unit_test(checkpoints_have_their_own_time_and_other_records_none),
		cmocka_unit_test(damage_is_noticed),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(a_recycled_segment_has_no_record),
		cmocka_unit_test(names_and_format),
		cmocka_unit_test(histories),
		cmocka_unit_test(hostile_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

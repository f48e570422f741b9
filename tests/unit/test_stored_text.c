/*
 * The durable state as text: what is written is read as the same, everything else is refused with the line's number,
 * and the ..._this_boot booleans are the boot id's business.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vipd/stored_text.h"
#include "vrrp/prng.h"

#define BOOT "0f8a51c2-4a0e-4d6c-9d52-7a5c3f6f1c11"
#define OTHER_BOOT "3d1f2b70-77aa-4a55-8a30-21f0c5a9e0aa"

static const struct stored_owner OWNER = { "orders", 0xc1a, 1 };
#define ROUNDS 2000
#define DAMAGED_ROUNDS 40

static uint64_t draw_number(struct vrrp_prng *prng, uint64_t max)
{
	switch (vrrp_prng_below(prng, 4)) {
	case 0:
		return 0;
	case 1:
		return max;
	case 2:
		return max < 10 ? max : vrrp_prng_below(prng, 10);
	default:
		return max == UINT64_MAX ? vrrp_prng_next(prng) : vrrp_prng_below(prng, max + 1);
	}
}

static struct vrrp_ballot draw_ballot(struct vrrp_prng *prng)
{
	return (struct vrrp_ballot){ .counter = draw_number(prng, UINT64_MAX),
		.incarnation = draw_number(prng, UINT64_MAX),
		.member = (uint8_t)draw_number(prng, UINT8_MAX) };
}

static struct vrrp_history draw_history(struct vrrp_prng *prng)
{
	struct vrrp_history history = { .count = (uint8_t)vrrp_prng_below(prng, VRRP_HISTORY_MAX + 1) };
	uint32_t timeline = (uint32_t)vrrp_prng_below(prng, 2) * (UINT32_MAX - 8 * 3);
	vrrp_lsn point = 0;

	for (unsigned i = 0; i < history.count; i++) {
		timeline += 1 + (uint32_t)vrrp_prng_below(prng, 3);
		history.entry[i] = (struct vrrp_timeline){ timeline, point, draw_number(prng, UINT64_MAX) };
		point += 1 + vrrp_prng_below(prng, UINT64_MAX / 10);
	}
	return history;
}

static struct vrrp_stored draw_stored(struct vrrp_prng *prng)
{
	struct vrrp_stored stored;

	memset(&stored, 0, sizeof(stored));
	stored.system_identifier = draw_number(prng, UINT64_MAX);
	stored.ballot_counter = draw_number(prng, UINT64_MAX);
	stored.epoch = draw_ballot(prng);
	stored.vouched = draw_ballot(prng);
	stored.promoting = draw_ballot(prng);
	stored.serving = draw_ballot(prng);
	stored.serving_this_boot = vrrp_prng_chance(prng, 1, 2);
	stored.diverged = vrrp_prng_chance(prng, 1, 2);
	stored.rewinding = vrrp_prng_chance(prng, 1, 2);
	stored.history = draw_history(prng);
	stored.master_seen.at = (struct vrrp_position){ .history = draw_history(prng),
		.position = draw_number(prng, UINT64_MAX),
		.epoch = draw_ballot(prng),
		.timeline = (uint32_t)draw_number(prng, UINT32_MAX) };
	stored.last_lease_us = (int64_t)draw_number(prng, INT64_MAX);
	stored.long_grant = (struct vrrp_grant){ .ballot = draw_ballot(prng),
		.expires = { (int64_t)draw_number(prng, INT64_MAX) },
		.run_start = { (int64_t)draw_number(prng, INT64_MAX) },
		.incarnation = draw_number(prng, UINT64_MAX),
		.seq = draw_number(prng, UINT64_MAX),
		.to = (uint8_t)draw_number(prng, UINT8_MAX) };
	stored.long_grant_us = (int64_t)draw_number(prng, INT64_MAX);
	stored.long_grant_this_boot = vrrp_prng_chance(prng, 1, 2);
	stored.long_grant_clean = vrrp_prng_chance(prng, 1, 2);
	stored.paused = vrrp_prng_chance(prng, 1, 2);
	stored.pause_counter = (uint32_t)draw_number(prng, UINT32_MAX);
	stored.members.count = (uint8_t)vrrp_prng_below(prng, VRRP_MEMBERS_MAX + 1);
	for (unsigned i = 0; i < stored.members.count; i++) {
		stored.members.entry[i] = (struct vrrp_member_entry){ (uint32_t)draw_number(prng, UINT32_MAX),
			(uint8_t)(i * 28 + vrrp_prng_range(prng, 1, 28)), (uint8_t)draw_number(prng, UINT8_MAX) };
	}
	return stored;
}

static void assert_ballots(const struct vrrp_ballot *a, const struct vrrp_ballot *b)
{
	assert_true(a->counter == b->counter && a->member == b->member && a->incarnation == b->incarnation);
}

static void assert_histories(const struct vrrp_history *a, const struct vrrp_history *b)
{
	assert_int_equal(a->count, b->count);
	for (unsigned i = 0; i < VRRP_HISTORY_MAX; i++) {
		assert_int_equal(a->entry[i].timeline, b->entry[i].timeline);
		assert_true(a->entry[i].switch_point == b->entry[i].switch_point);
		assert_true(a->entry[i].fingerprint == b->entry[i].fingerprint);
	}
}

static void assert_stored(const struct vrrp_stored *a, const struct vrrp_stored *b)
{
	assert_true(a->system_identifier == b->system_identifier && a->ballot_counter == b->ballot_counter);
	assert_ballots(&a->epoch, &b->epoch);
	assert_ballots(&a->vouched, &b->vouched);
	assert_ballots(&a->promoting, &b->promoting);
	assert_ballots(&a->serving, &b->serving);
	assert_int_equal(a->serving_this_boot, b->serving_this_boot);
	assert_int_equal(a->diverged, b->diverged);
	assert_int_equal(a->rewinding, b->rewinding);
	assert_histories(&a->history, &b->history);
	assert_histories(&a->master_seen.at.history, &b->master_seen.at.history);
	assert_ballots(&a->master_seen.at.epoch, &b->master_seen.at.epoch);
	assert_true(a->master_seen.at.position == b->master_seen.at.position);
	assert_int_equal(a->master_seen.at.timeline, b->master_seen.at.timeline);
	assert_true(a->last_lease_us == b->last_lease_us && a->long_grant_us == b->long_grant_us);
	assert_ballots(&a->long_grant.ballot, &b->long_grant.ballot);
	assert_true(a->long_grant.expires.us == b->long_grant.expires.us);
	assert_true(a->long_grant.run_start.us == b->long_grant.run_start.us);
	assert_true(a->long_grant.incarnation == b->long_grant.incarnation && a->long_grant.seq == b->long_grant.seq);
	assert_int_equal(a->long_grant.to, b->long_grant.to);
	assert_int_equal(a->long_grant_this_boot, b->long_grant_this_boot);
	assert_int_equal(a->long_grant_clean, b->long_grant_clean);
	assert_int_equal(a->paused, b->paused);
	assert_int_equal(a->pause_counter, b->pause_counter);
	assert_int_equal(a->members.count, b->members.count);
	assert_int_equal(vrrp_member_list_distance(&a->members, &b->members), 0);
}

static void assert_owner(const struct stored_owner *a, const struct stored_owner *b)
{
	assert_string_equal(a->instance, b->instance);
	assert_int_equal(a->cluster, b->cluster);
	assert_int_equal(a->member_id, b->member_id);
}

static void round_trip(void **state)
{
	struct vrrp_prng prng;
	char text[STORED_TEXT_SIZE];

	(void)state;
	vrrp_prng_init(&prng, 1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct vrrp_stored stored = draw_stored(&prng);
		struct stored_owner owner = { .instance = "orders",
			.cluster = (uint32_t)vrrp_prng_range(&prng, 1, UINT32_MAX),
			.member_id = (uint8_t)vrrp_prng_range(&prng, 1, UINT8_MAX) };
		struct vrrp_stored back;
		struct vip_err err = { "" };
		struct stored_owner back_owner = { 0 };
		size_t len = stored_text_write(&stored, BOOT, &owner, text, sizeof(text));

		assert_int_equal(len, strlen(text));
		memset(&back, 0xa5, sizeof(back));
		if (stored_text_read(text, BOOT, &back, &back_owner, &err) != 0) {
			fail_msg("%s\n%s", err.text, text);
		}
		assert_stored(&stored, &back);
		assert_owner(&owner, &back_owner);
	}
}

/* The longest value of every field fits: the writer asserts it. A field that is new in the struct must be added here.
 */
static void longest_fits(void **state)
{
	const struct vrrp_ballot ballot = { UINT64_MAX, UINT64_MAX, UINT8_MAX };
	char boot_id[STORED_TEXT_BOOT_ID_MAX + 1];
	struct stored_owner owner = { .cluster = UINT32_MAX, .member_id = UINT8_MAX };
	char text[STORED_TEXT_SIZE];
	struct vrrp_stored stored;
	struct vrrp_stored back;
	struct stored_owner id;

	(void)state;
	assert_int_equal(sizeof(struct vrrp_stored), 728); /* LP64: written, read, drawn and compared, every field */
	memset(&stored, 0xff, sizeof(stored));
	memset(boot_id, 'f', sizeof(boot_id) - 1);
	boot_id[STORED_TEXT_BOOT_ID_MAX] = '\0';
	memset(owner.instance, 'n', VRRP_NAME_MAX);
	stored.epoch = stored.vouched = stored.promoting = stored.serving = ballot;
	stored.serving_this_boot = stored.diverged = stored.rewinding = stored.long_grant_this_boot =
		stored.long_grant_clean = true;
	stored.paused = true;
	stored.members.count = VRRP_MEMBERS_MAX;
	for (unsigned i = 0; i < VRRP_MEMBERS_MAX; i++) {
		stored.members.entry[i].id = (uint8_t)(UINT8_MAX - VRRP_MEMBERS_MAX + 1 + i);
	}
	stored.last_lease_us = stored.long_grant_us = INT64_MAX;
	stored.long_grant.expires = stored.long_grant.run_start = VRRP_TIME_NEVER;
	stored.history.count = VRRP_HISTORY_MAX;
	for (unsigned i = 0; i < VRRP_HISTORY_MAX; i++) {
		stored.history.entry[i] = (struct vrrp_timeline){ UINT32_MAX - 7 + i, UINT64_MAX, UINT64_MAX };
	}
	stored.master_seen.at = (struct vrrp_position){ stored.history, UINT64_MAX, ballot, UINT32_MAX };
	assert_true(stored_text_write(&stored, boot_id, &owner, text, sizeof(text)) < sizeof(text) / 4 * 3);
	assert_int_equal(stored_text_read(text, boot_id, &back, &id, NULL), 0);
	assert_stored(&stored, &back);
}

/* "..._this_boot" is true only if it was true when written and the boot is the same and known. */
static void boots(void **state)
{
	static const struct {
		const char *written;
		const char *read;
		bool was;
		bool is;
	} cases[] = {
		{ BOOT, BOOT, true, true },
		{ BOOT, BOOT, false, false },
		{ BOOT, OTHER_BOOT, true, false },
		{ BOOT, "", true, false },
		{ "", BOOT, true, false },
		{ "0f8a51c2", BOOT, true, false },
		{ BOOT, "0f8a51c2", true, false },
		{ "", "", true, false },
		{ "", "", false, false },
	};
	char text[STORED_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(cases); i++) {
		for (unsigned grant = 0; grant < 2; grant++) {
			struct vrrp_stored stored = { .serving_this_boot = grant == 0 && cases[i].was,
				.long_grant_this_boot = grant == 1 && cases[i].was };
			struct stored_owner id;

			stored_text_write(&stored, cases[i].written, &OWNER, text, sizeof(text));
			assert_int_equal(stored_text_read(text, cases[i].read, &stored, &id, NULL), 0);
			assert_int_equal(stored.serving_this_boot, grant == 0 && cases[i].is);
			assert_int_equal(stored.long_grant_this_boot, grant == 1 && cases[i].is);
		}
	}
}

/* Another boot's truth is gone for good: what is read there and written again is no one's. */
static void another_boot_forgets(void **state)
{
	struct vrrp_stored stored = { .serving = { 7, 7, 1 }, .serving_this_boot = true };
	char text[STORED_TEXT_SIZE];
	struct stored_owner id;

	(void)state;
	stored_text_write(&stored, BOOT, &OWNER, text, sizeof(text));
	assert_int_equal(stored_text_read(text, OTHER_BOOT, &stored, &id, NULL), 0);
	stored_text_write(&stored, OTHER_BOOT, &OWNER, text, sizeof(text));
	assert_int_equal(stored_text_read(text, BOOT, &stored, &id, NULL), 0);
	assert_false(stored.serving_this_boot);
	assert_int_equal(stored.serving.counter, 7);
}

/* A peer's report may hand over a history that cannot be one: it is stored as none, and the rest stays readable. */
static void impossible_history_is_none(void **state)
{
	struct vrrp_stored stored = { .ballot_counter = 12,
		.history = { .count = 2, .entry = { { 3, 9, 1 }, { 2, 4, 1 } } } };
	char text[STORED_TEXT_SIZE];
	struct stored_owner id;

	(void)state;
	stored_text_write(&stored, BOOT, &OWNER, text, sizeof(text));
	assert_int_equal(stored_text_read(text, BOOT, &stored, &id, NULL), 0);
	assert_int_equal(stored.history.count, 0);
	assert_int_equal(stored.ballot_counter, 12);
}

static size_t sample(char text[STORED_TEXT_SIZE])
{
	struct vrrp_stored stored = { .system_identifier = 7433184429370102842,
		.ballot_counter = 12,
		.epoch = { 12, 0xabc, 1 },
		.serving = { 12, 0xabc, 1 },
		.serving_this_boot = true,
		.history = { .count = 2, .entry = { { 1, 0, 0 }, { 2, 0x15000028, 0xfeed } } },
		.last_lease_us = 1000000 };

	return stored_text_write(&stored, BOOT, &OWNER, text, STORED_TEXT_SIZE);
}

static void assert_refused(const char *text, const char *sentence)
{
	struct vrrp_stored stored;
	struct vrrp_stored untouched;
	struct vip_err err = { "" };
	struct stored_owner id = { .member_id = 77 };

	memset(&stored, 0x5a, sizeof(stored));
	memset(&untouched, 0x5a, sizeof(untouched));
	assert_int_equal(stored_text_read(text, BOOT, &stored, &id, &err), -EBADMSG);
	assert_string_equal(err.text, sentence);
	assert_memory_equal(&stored, &untouched, sizeof(stored));
	assert_int_equal(id.member_id, 77);
	assert_int_equal(stored_text_read(text, BOOT, &stored, &id, NULL), -EBADMSG);
}

/* The sample with its first `from` replaced. */
static void assert_change_refused(const char *from, const char *to, const char *sentence)
{
	char text[STORED_TEXT_SIZE];
	char changed[2 * STORED_TEXT_SIZE];
	const char *at;

	sample(text);
	at = strstr(text, from);
	assert_non_null(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_refused(changed, sentence);
}

static void sentences(void **state)
{
	(void)state;
	assert_refused("", "line 1: the text ends, instance expected");
	assert_refused("instance=orders", "line 1: cut off, instance expected");
	assert_refused("instance=orders\n\n", "line 2: unknown key, cluster expected");
	assert_change_refused("instance=orders", "instance=Orders", "line 1: instance=Orders: a name expected");
	assert_change_refused("\ncluster=c1a", "\ncluster=0", "line 2: cluster=0: a number in its range expected");
	assert_change_refused(
		"\ncluster=c1a", "\ncluster=1c1a1c1a1", "line 2: cluster=1c1a1c1a1: a number in its range expected");
	assert_change_refused("\nmember=1", "\nmember=0", "line 3: member=0: a number in its range expected");
	assert_change_refused("\nmember=1", "\nmember=256", "line 3: member=256: a number in its range expected");
	assert_change_refused("ballot_counter", "ballot_kounter", "line 5: unknown key, ballot_counter expected");
	assert_change_refused("ballot_counter=12\n", "", "line 5: epoch, but ballot_counter is missing before it");
	assert_change_refused("vouched=", "epoch=1.1.1\nvouched=",
		"line 7: epoch a second time or out of its place, vouched expected");
	assert_change_refused(
		"epoch=12.1.abc", "epoch=12.1", "line 6: epoch=12.1: counter.member.incarnation expected");
	assert_change_refused(
		"epoch=12.1.abc", "epoch=12.1.ABC", "line 6: epoch=12.1.ABC: counter.member.incarnation expected");
	assert_change_refused("diverged=0", "diverged=2", "line 11: diverged=2: a number in its range expected");
	assert_change_refused(
		"history_count=2", "history_count=9", "line 13: history_count=9: a number in its range expected");
	assert_change_refused("history_count=2", "history_count=1",
		"line 15: history a second time or out of its place, master_epoch expected");
	assert_change_refused(
		"history_count=2", "history_count=3", "line 16: master_epoch, but history is missing before it");
	assert_change_refused("=2 0/15000028", "=1 0/15000028",
		"line 15: history=1 0/15000028 feed: timelines in their order expected");
	assert_change_refused("=2 0/15000028", "=2 0/015000028",
		"line 15: history=2 0/015000028 feed: timeline, switch point and fingerprint expected");
	assert_change_refused(BOOT, "a\033[2Jb", "line 10: serving_boot=a: a boot id or - expected");
	assert_change_refused("list_count=0\n", "list_count=0\nmore=1\n", "line 33: nothing more expected");
	assert_change_refused("list_count=0\n", "list_count=0\n\n", "line 33: nothing more expected");
}

/* One spelling a number: none that a careless reader would take for another one. */
static void numbers(void **state)
{
	static const char *const bad[] = { "", "+12", "-12", " 12", "12 ", "012", "0x12", "12.0", "1e3",
		"18446744073709551616", "99999999999999999999", "12\r" };
	char text[STORED_TEXT_SIZE];
	struct vrrp_stored stored;
	struct stored_owner id;

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(bad); i++) {
		char changed[2 * STORED_TEXT_SIZE];
		char *at;

		sample(text);
		at = strstr(text, "ballot_counter=12");
		assert_non_null(at);
		snprintf(changed, sizeof(changed), "%.*sballot_counter=%s%s", (int)(at - text), text, bad[i],
			at + strlen("ballot_counter=12"));
		assert_int_equal(stored_text_read(changed, BOOT, &stored, &id, NULL), -EBADMSG);
	}
}

/*
 * Whatever is taken is what the writer writes for what was read: so nothing is taken half, twice or in another sense.
 * Exempt are other boots' ids.
 */
static void assert_own_spelling(const char *text, const struct vrrp_stored *stored, const struct stored_owner *owner)
{
	char again[STORED_TEXT_SIZE];
	const char *a = text;
	const char *b = again;

	stored_text_write(stored, BOOT, owner, again, sizeof(again));
	while (*a != '\0' && *b != '\0') {
		size_t a_len = strcspn(a, "\n");
		size_t b_len = strcspn(b, "\n");
		bool boot = memcmp(a, "serving_boot=", 13) == 0 || memcmp(a, "long_grant_boot=", 16) == 0;

		if (!boot) {
			assert_int_equal(a_len, b_len);
			assert_memory_equal(a, b, a_len);
		}
		a += a_len + 1;
		b += b_len + 1;
	}
	assert_true(*a == '\0' && *b == '\0');
}

static void damage(void **state)
{
	char text[STORED_TEXT_SIZE];
	struct vrrp_prng prng;
	unsigned taken = 0;

	(void)state;
	vrrp_prng_init(&prng, 2);
	for (unsigned round = 0; round < DAMAGED_ROUNDS; round++) {
		struct vrrp_stored stored = draw_stored(&prng);
		size_t len = stored_text_write(&stored, BOOT, &OWNER, text, sizeof(text));
		struct vip_err err;
		struct stored_owner id;

		for (size_t at = 0; at < len; at++) {
			char kept = text[at];

			text[at] = '\0';
			assert_int_equal(stored_text_read(text, BOOT, &stored, &id, &err), -EBADMSG);
			for (unsigned bit = 0; bit < 8; bit++) {
				text[at] = (char)(kept ^ (1 << bit));
				if (stored_text_read(text, BOOT, &stored, &id, &err) == 0) {
					assert_own_spelling(text, &stored, &id);
					taken++;
				} else {
					assert_int_equal(strncmp(err.text, "line ", 5), 0);
				}
			}
			text[at] = kept;
		}
	}
	assert_true(taken > 1000); /* another digit is another number: it is the sha256 that finds that */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(longest_fits),
		cmocka_unit_test(boots),
		cmocka_unit_test(another_boot_forgets),
		cmocka_unit_test(impossible_history_is_none),
		cmocka_unit_test(sentences),
		cmocka_unit_test(numbers),
		cmocka_unit_test(damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

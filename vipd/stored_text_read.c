#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vipd/stored_text_private.h"

#define DECIMAL "0123456789"
#define HEX_LOWER "0123456789abcdef"
#define HEX_UPPER "0123456789ABCDEF"
#define VALUE_MAX 48 /* of a value in a sentence */

/* The first fault is kept; everything after it is skipped and yields zeros. */

struct reader {
	const char *at;    /* where the next line begins */
	unsigned line;     /* number of the line read last */
	const char *start; /* of its value */
	const char *value; /* what is left of it */
	const char *end;
	int error;
	struct vip_err *err;
};

static void bad_value(struct reader *reader, enum key key, const char *wanted)
{
	if (reader->error == 0) {
		/* What stands there is damaged or foreign: only its plain characters are quoted. It ends with a
		 * newline. */
		size_t shown = strspn(reader->start, BOOT_CHARACTERS " ./_");

		reader->error = vip_err_set(reader->err, -EBADMSG, "line %u: %s=%.*s: %s expected", reader->line,
			STORED_TEXT_KEYS[key], shown < VALUE_MAX ? (int)shown : VALUE_MAX, reader->start, wanted);
	}
}

/* Another key than the one whose turn it is. */
static void bad_key(struct reader *reader, const char *key, size_t len, enum key wanted)
{
	for (unsigned known = 0; known < KEY_COUNT; known++) {
		if (strlen(STORED_TEXT_KEYS[known]) == len && memcmp(STORED_TEXT_KEYS[known], key, len) == 0) {
			reader->error = vip_err_set(reader->err, -EBADMSG,
				known < wanted ? "line %u: %s a second time or out of its place, %s expected"
					       : "line %u: %s, but %s is missing before it",
				reader->line, STORED_TEXT_KEYS[known], STORED_TEXT_KEYS[wanted]);
			return;
		}
	}
	reader->error = vip_err_set(
		reader->err, -EBADMSG, "line %u: unknown key, %s expected", reader->line, STORED_TEXT_KEYS[wanted]);
}

/* Goes to the next line, which must be this key's. False if it is not, or after a fault. */
static bool take_line(struct reader *reader, enum key key)
{
	const char *start = reader->at;
	const char *newline = strchr(start, '\n');
	size_t len = strcspn(start, "=\n");

	if (reader->error != 0) {
		return false;
	}
	reader->line++;
	if (newline == NULL) {
		reader->error = vip_err_set(reader->err, -EBADMSG, "line %u: %s, %s expected", reader->line,
			*start == '\0' ? "the text ends" : "cut off", STORED_TEXT_KEYS[key]);
		return false;
	}
	if (start[len] != '=' || len != strlen(STORED_TEXT_KEYS[key]) ||
		memcmp(start, STORED_TEXT_KEYS[key], len) != 0) {
		bad_key(reader, start, len, key);
		return false;
	}
	reader->start = start + len + 1;
	reader->value = reader->start;
	reader->end = newline;
	reader->at = newline + 1;
	return true;
}

/* Digits of a base at *at, in the one spelling that printf gives: no sign, no leading zero, at most `max`. */
static bool take_digits(const char **at, const char *digits, uint64_t max, uint64_t *ret_number)
{
	uint64_t base = strlen(digits);
	const char *from = *at;
	uint64_t number = 0;
	const char *digit;

	for (; *from != '\0' && (digit = strchr(digits, *from)) != NULL; from++) {
		uint64_t value = (uint64_t)(digit - digits);

		if (value > max || number > (max - value) / base) {
			return false;
		}
		number = number * base + value;
	}
	if (from == *at || (**at == '0' && from != *at + 1)) {
		return false;
	}
	*at = from;
	*ret_number = number;
	return true;
}

static bool take_character(const char **at, char character)
{
	if (**at != character) {
		return false;
	}
	(*at)++;
	return true;
}

static bool take_lsn(const char **at, vrrp_lsn *ret_lsn)
{
	uint64_t high;
	uint64_t low;

	if (!take_digits(at, HEX_UPPER, UINT32_MAX, &high) || !take_character(at, '/') ||
		!take_digits(at, HEX_UPPER, UINT32_MAX, &low)) {
		return false;
	}
	*ret_lsn = high << 32 | low;
	return true;
}

static uint64_t get_number(struct reader *reader, enum key key, const char *digits, uint64_t min, uint64_t max)
{
	uint64_t number = 0;

	if (take_line(reader, key) &&
		(!take_digits(&reader->value, digits, max, &number) || reader->value != reader->end || number < min)) {
		bad_value(reader, key, "a number in its range");
	}
	return reader->error == 0 ? number : 0;
}

static bool get_bool(struct reader *reader, enum key key)
{
	return get_number(reader, key, DECIMAL, 0, 1) != 0;
}

static int64_t get_us(struct reader *reader, enum key key)
{
	return (int64_t)get_number(reader, key, DECIMAL, 0, INT64_MAX);
}

static struct vrrp_ballot get_ballot(struct reader *reader, enum key key)
{
	uint64_t counter = 0;
	uint64_t member = 0;
	uint64_t incarnation = 0;

	if (take_line(reader, key) &&
		(!take_digits(&reader->value, DECIMAL, UINT64_MAX, &counter) || !take_character(&reader->value, '.') ||
			!take_digits(&reader->value, DECIMAL, UINT8_MAX, &member) ||
			!take_character(&reader->value, '.') ||
			!take_digits(&reader->value, HEX_LOWER, UINT64_MAX, &incarnation) ||
			reader->value != reader->end)) {
		bad_value(reader, key, "counter.member.incarnation");
	}
	return (struct vrrp_ballot){ .counter = counter, .incarnation = incarnation, .member = (uint8_t)member };
}

static vrrp_lsn get_lsn(struct reader *reader, enum key key)
{
	vrrp_lsn lsn = 0;

	if (take_line(reader, key) && (!take_lsn(&reader->value, &lsn) || reader->value != reader->end)) {
		bad_value(reader, key, "a position X/X");
	}
	return lsn;
}

static void get_timeline(struct reader *reader, enum key key, struct vrrp_timeline *entry)
{
	uint64_t timeline = 0;

	if (take_line(reader, key) &&
		(!take_digits(&reader->value, DECIMAL, UINT32_MAX, &timeline) || !take_character(&reader->value, ' ') ||
			!take_lsn(&reader->value, &entry->switch_point) || !take_character(&reader->value, ' ') ||
			!take_digits(&reader->value, HEX_LOWER, UINT64_MAX, &entry->fingerprint) ||
			reader->value != reader->end)) {
		bad_value(reader, key, "timeline, switch point and fingerprint");
	}
	entry->timeline = (uint32_t)timeline;
}

static void get_history(struct reader *reader, enum key count, enum key line, struct vrrp_history *history)
{
	history->count = (uint8_t)get_number(reader, count, DECIMAL, 0, VRRP_HISTORY_MAX);
	for (unsigned i = 0; i < history->count; i++) {
		get_timeline(reader, line, &history->entry[i]);
	}
	if (reader->error == 0 && history->count > 0 && !vrrp_history_is_valid(history)) {
		bad_value(reader, line, "timelines in their order");
	}
}

/* Whether the boot id that stands there is the present one's. */
static bool get_boot(struct reader *reader, enum key key, const char *boot_id_now)
{
	size_t len;

	if (!take_line(reader, key)) {
		return false;
	}
	len = strspn(reader->value, BOOT_CHARACTERS);
	if (len == 0 || len > STORED_TEXT_BOOT_ID_MAX || reader->value + len != reader->end) {
		bad_value(reader, key, "a boot id or " NO_BOOT);
		return false;
	}
	return len == strlen(boot_id_now) && memcmp(reader->value, boot_id_now, len) == 0;
}

static void get_instance(struct reader *reader, char ret_instance[VRRP_NAME_MAX + 1])
{
	size_t len;

	if (!take_line(reader, KEY_INSTANCE)) {
		return;
	}
	len = strspn(reader->value, NAME_CHARACTERS);
	if (len == 0 || len > VRRP_NAME_MAX || reader->value + len != reader->end) {
		bad_value(reader, KEY_INSTANCE, "a name");
		return;
	}
	memcpy(ret_instance, reader->value, len);
	ret_instance[len] = '\0';
}

static void get_members(struct reader *reader, struct vrrp_member_list *list)
{
	list->count = (uint8_t)get_number(reader, KEY_MEMBERS_COUNT, DECIMAL, 0, VRRP_MEMBERS_MAX);
	for (unsigned i = 0; i < list->count; i++) {
		uint64_t id = 0;
		uint64_t flags = 0;
		uint64_t hash = 0;

		if (take_line(reader, KEY_LIST_MEMBER) &&
			(!take_digits(&reader->value, DECIMAL, UINT8_MAX, &id) ||
				!take_character(&reader->value, ' ') ||
				!take_digits(&reader->value, DECIMAL, UINT8_MAX, &flags) ||
				!take_character(&reader->value, ' ') ||
				!take_digits(&reader->value, HEX_LOWER, UINT32_MAX, &hash) ||
				reader->value != reader->end)) {
			bad_value(reader, KEY_LIST_MEMBER, "id, flags and hash");
		}
		list->entry[i] = (struct vrrp_member_entry){ (uint32_t)hash, (uint8_t)id, (uint8_t)flags };
	}
	if (reader->error == 0 && !vrrp_member_list_is_valid(list)) {
		bad_value(reader, KEY_LIST_MEMBER, "members in the order of their ids");
	}
}

static void get_grant(struct reader *reader, const char *boot_id_now, struct vrrp_stored *stored)
{
	struct vrrp_grant *grant = &stored->long_grant;

	grant->to = (uint8_t)get_number(reader, KEY_GRANT_TO, DECIMAL, 0, UINT8_MAX);
	grant->ballot = get_ballot(reader, KEY_GRANT_BALLOT);
	grant->incarnation = get_number(reader, KEY_GRANT_INCARNATION, HEX_LOWER, 0, UINT64_MAX);
	grant->seq = get_number(reader, KEY_GRANT_SEQ, DECIMAL, 0, UINT64_MAX);
	grant->expires.us = get_us(reader, KEY_GRANT_EXPIRES);
	grant->run_start.us = get_us(reader, KEY_GRANT_RUN_START);
	stored->long_grant_us = get_us(reader, KEY_GRANT_DURATION);
	stored->long_grant_this_boot = get_boot(reader, KEY_GRANT_BOOT, boot_id_now);
	stored->long_grant_clean = get_bool(reader, KEY_GRANT_CLEAN);
}

int stored_text_read(const char *text, const char *boot_id_now, struct vrrp_stored *ret_stored,
	struct stored_owner *ret_owner, struct vip_err *err)
{
	struct reader reader = { .at = text, .err = err };
	struct vrrp_stored stored;
	struct stored_owner owner = { 0 };

	assert(stored_text_is_boot_id(boot_id_now));
	memset(&stored, 0, sizeof(stored)); /* paddings too: the core compares histories by memcmp */
	get_instance(&reader, owner.instance);
	owner.cluster = (uint32_t)get_number(&reader, KEY_CLUSTER, HEX_LOWER, 1, UINT32_MAX);
	owner.member_id = (uint8_t)get_number(&reader, KEY_MEMBER, DECIMAL, 1, UINT8_MAX);
	stored.system_identifier = get_number(&reader, KEY_SYSTEM_IDENTIFIER, DECIMAL, 0, UINT64_MAX);
	stored.ballot_counter = get_number(&reader, KEY_BALLOT_COUNTER, DECIMAL, 0, UINT64_MAX);
	stored.epoch = get_ballot(&reader, KEY_EPOCH);
	stored.vouched = get_ballot(&reader, KEY_VOUCHED);
	stored.promoting = get_ballot(&reader, KEY_PROMOTING);
	stored.serving = get_ballot(&reader, KEY_SERVING);
	stored.serving_this_boot = get_boot(&reader, KEY_SERVING_BOOT, boot_id_now);
	stored.diverged = get_bool(&reader, KEY_DIVERGED);
	stored.rewinding = get_bool(&reader, KEY_REWINDING);
	get_history(&reader, KEY_HISTORY_COUNT, KEY_HISTORY, &stored.history);
	stored.master_seen.at.epoch = get_ballot(&reader, KEY_MASTER_EPOCH);
	stored.master_seen.at.timeline = (uint32_t)get_number(&reader, KEY_MASTER_TIMELINE, DECIMAL, 0, UINT32_MAX);
	stored.master_seen.at.position = get_lsn(&reader, KEY_MASTER_POSITION);
	get_history(&reader, KEY_MASTER_HISTORY_COUNT, KEY_MASTER_HISTORY, &stored.master_seen.at.history);
	stored.last_lease_us = get_us(&reader, KEY_LAST_LEASE);
	get_grant(&reader, boot_id_now, &stored);
	stored.paused = get_bool(&reader, KEY_PAUSED);
	stored.pause_counter = (uint32_t)get_number(&reader, KEY_PAUSE_COUNTER, DECIMAL, 0, UINT32_MAX);
	get_members(&reader, &stored.members);
	if (reader.error == 0 && *reader.at != '\0') {
		reader.error = vip_err_set(err, -EBADMSG, "line %u: nothing more expected", reader.line + 1);
	}
	if (reader.error != 0) {
		return reader.error;
	}
	*ret_stored = stored;
	*ret_owner = owner;
	return 0;
}

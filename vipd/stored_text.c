#include "vipd/stored_text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DECIMAL "0123456789"
#define HEX_LOWER "0123456789abcdef"
#define HEX_UPPER "0123456789ABCDEF"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"
#define BOOT_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
#define NO_BOOT "-"
#define VALUE_MAX 48 /* of a value in a sentence */

/* Every key, in the order of the text; a history's lines follow its count. */
enum key {
	KEY_INSTANCE,
	KEY_MEMBER,
	KEY_SYSTEM_IDENTIFIER,
	KEY_BALLOT_COUNTER,
	KEY_EPOCH,
	KEY_VOUCHED,
	KEY_PROMOTING,
	KEY_SERVING,
	KEY_SERVING_BOOT,
	KEY_DIVERGED,
	KEY_REWINDING,
	KEY_HISTORY_COUNT,
	KEY_HISTORY,
	KEY_MASTER_EPOCH,
	KEY_MASTER_TIMELINE,
	KEY_MASTER_POSITION,
	KEY_MASTER_HISTORY_COUNT,
	KEY_MASTER_HISTORY,
	KEY_LAST_LEASE,
	KEY_GRANT_TO,
	KEY_GRANT_BALLOT,
	KEY_GRANT_INCARNATION,
	KEY_GRANT_SEQ,
	KEY_GRANT_EXPIRES,
	KEY_GRANT_RUN_START,
	KEY_GRANT_DURATION,
	KEY_GRANT_BOOT,
	KEY_GRANT_CLEAN,
	KEY_PAUSED,
	KEY_PAUSE_COUNTER,
	KEY_COUNT
};

static const char *const KEYS[] = {
	[KEY_INSTANCE] = "instance",
	[KEY_MEMBER] = "member",
	[KEY_SYSTEM_IDENTIFIER] = "system_identifier",
	[KEY_BALLOT_COUNTER] = "ballot_counter",
	[KEY_EPOCH] = "epoch",
	[KEY_VOUCHED] = "vouched",
	[KEY_PROMOTING] = "promoting",
	[KEY_SERVING] = "serving",
	[KEY_SERVING_BOOT] = "serving_boot",
	[KEY_DIVERGED] = "diverged",
	[KEY_REWINDING] = "rewinding",
	[KEY_HISTORY_COUNT] = "history_count",
	[KEY_HISTORY] = "history",
	[KEY_MASTER_EPOCH] = "master_epoch",
	[KEY_MASTER_TIMELINE] = "master_timeline",
	[KEY_MASTER_POSITION] = "master_position",
	[KEY_MASTER_HISTORY_COUNT] = "master_history_count",
	[KEY_MASTER_HISTORY] = "master_history",
	[KEY_LAST_LEASE] = "last_lease_us",
	[KEY_GRANT_TO] = "long_grant_to",
	[KEY_GRANT_BALLOT] = "long_grant_ballot",
	[KEY_GRANT_INCARNATION] = "long_grant_incarnation",
	[KEY_GRANT_SEQ] = "long_grant_seq",
	[KEY_GRANT_EXPIRES] = "long_grant_expires_us",
	[KEY_GRANT_RUN_START] = "long_grant_run_start_us",
	[KEY_GRANT_DURATION] = "long_grant_us",
	[KEY_GRANT_BOOT] = "long_grant_boot",
	[KEY_GRANT_CLEAN] = "long_grant_clean",
	[KEY_PAUSED] = "paused",
	[KEY_PAUSE_COUNTER] = "pause_counter",
};
_Static_assert(VRRP_ARRAY_LENGTH(KEYS) == KEY_COUNT, "a word for each key");

/* --- writing --- */

struct writer {
	char *text;
	size_t size;
	size_t len;
};

static void put(struct writer *writer, enum key key, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* STORED_TEXT_SIZE is enough for the longest of every value; that it is, is asserted line by line. */
static void put(struct writer *writer, enum key key, const char *format, ...)
{
	size_t room = writer->size - writer->len;
	va_list args;
	int n = snprintf(writer->text + writer->len, room, "%s=", KEYS[key]);

	assert(n > 0 && (size_t)n < room);
	writer->len += (size_t)n;
	room -= (size_t)n;
	va_start(args, format);
	n = vsnprintf(writer->text + writer->len, room, format, args);
	va_end(args);
	assert(n > 0 && (size_t)n + 1 < room);
	writer->len += (size_t)n;
	writer->text[writer->len++] = '\n';
	writer->text[writer->len] = '\0';
}

static void put_number(struct writer *writer, enum key key, uint64_t number)
{
	put(writer, key, "%" PRIu64, number);
}

static void put_us(struct writer *writer, enum key key, int64_t us)
{
	assert(us >= 0);
	put(writer, key, "%" PRId64, us);
}

static void put_ballot(struct writer *writer, enum key key, const struct vrrp_ballot *ballot)
{
	put(writer, key, "%" PRIu64 ".%u.%" PRIx64, ballot->counter, ballot->member, ballot->incarnation);
}

/* The boot in which something was true; none if it is not true in the present one. */
static void put_boot(struct writer *writer, enum key key, const char *boot_id, bool this_boot)
{
	put(writer, key, "%s", this_boot && boot_id[0] != '\0' ? boot_id : NO_BOOT);
}

/* What cannot be a history (a peer's, adopted while streaming) is none: it is read again rather than believed later. */
static void put_history(struct writer *writer, enum key count, enum key line, const struct vrrp_history *history)
{
	unsigned entries = vrrp_history_is_valid(history) ? history->count : 0;

	put_number(writer, count, entries);
	for (unsigned i = 0; i < entries; i++) {
		const struct vrrp_timeline *entry = &history->entry[i];

		put(writer, line, "%" PRIu32 " " VRRP_LSN_FMT " %" PRIx64, entry->timeline,
			VRRP_LSN_ARG(entry->switch_point), entry->fingerprint);
	}
}

static bool is_word(const char *text, const char *characters, size_t max)
{
	size_t len = strspn(text, characters);

	return len > 0 && len <= max && text[len] == '\0';
}

static bool is_boot_id(const char *text)
{
	return text[0] == '\0' ||
	       (is_word(text, BOOT_CHARACTERS, STORED_TEXT_BOOT_ID_MAX) && strcmp(text, NO_BOOT) != 0);
}

size_t stored_text_write(const struct vrrp_stored *stored, const char *boot_id, const char *instance, uint8_t member_id,
	char *text, size_t size)
{
	struct writer writer = { .text = text, .size = size };
	const struct vrrp_position *master = &stored->master_seen.at;
	const struct vrrp_grant *grant = &stored->long_grant;

	assert(size >= STORED_TEXT_SIZE && is_boot_id(boot_id) && member_id != 0);
	assert(is_word(instance, NAME_CHARACTERS, VRRP_NAME_MAX));
	put(&writer, KEY_INSTANCE, "%s", instance);
	put_number(&writer, KEY_MEMBER, member_id);
	put_number(&writer, KEY_SYSTEM_IDENTIFIER, stored->system_identifier);
	put_number(&writer, KEY_BALLOT_COUNTER, stored->ballot_counter);
	put_ballot(&writer, KEY_EPOCH, &stored->epoch);
	put_ballot(&writer, KEY_VOUCHED, &stored->vouched);
	put_ballot(&writer, KEY_PROMOTING, &stored->promoting);
	put_ballot(&writer, KEY_SERVING, &stored->serving);
	put_boot(&writer, KEY_SERVING_BOOT, boot_id, stored->serving_this_boot);
	put_number(&writer, KEY_DIVERGED, stored->diverged);
	put_number(&writer, KEY_REWINDING, stored->rewinding);
	put_history(&writer, KEY_HISTORY_COUNT, KEY_HISTORY, &stored->history);
	put_ballot(&writer, KEY_MASTER_EPOCH, &master->epoch);
	put_number(&writer, KEY_MASTER_TIMELINE, master->timeline);
	put(&writer, KEY_MASTER_POSITION, VRRP_LSN_FMT, VRRP_LSN_ARG(master->position));
	put_history(&writer, KEY_MASTER_HISTORY_COUNT, KEY_MASTER_HISTORY, &master->history);
	put_us(&writer, KEY_LAST_LEASE, stored->last_lease_us);
	put_number(&writer, KEY_GRANT_TO, grant->to);
	put_ballot(&writer, KEY_GRANT_BALLOT, &grant->ballot);
	put(&writer, KEY_GRANT_INCARNATION, "%" PRIx64, grant->incarnation);
	put_number(&writer, KEY_GRANT_SEQ, grant->seq);
	put_us(&writer, KEY_GRANT_EXPIRES, grant->expires.us);
	put_us(&writer, KEY_GRANT_RUN_START, grant->run_start.us);
	put_us(&writer, KEY_GRANT_DURATION, stored->long_grant_us);
	put_boot(&writer, KEY_GRANT_BOOT, boot_id, stored->long_grant_this_boot);
	put_number(&writer, KEY_GRANT_CLEAN, stored->long_grant_clean);
	put_number(&writer, KEY_PAUSED, stored->paused);
	put_number(&writer, KEY_PAUSE_COUNTER, stored->pause_counter);
	return writer.len;
}

/* --- reading: the first fault is kept, everything after it is skipped and yields zeros --- */

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
			KEYS[key], shown < VALUE_MAX ? (int)shown : VALUE_MAX, reader->start, wanted);
	}
}

/* Another key than the one whose turn it is. */
static void bad_key(struct reader *reader, const char *key, size_t len, enum key wanted)
{
	for (unsigned known = 0; known < KEY_COUNT; known++) {
		if (strlen(KEYS[known]) == len && memcmp(KEYS[known], key, len) == 0) {
			reader->error = vip_err_set(reader->err, -EBADMSG,
				known < wanted ? "line %u: %s a second time or out of its place, %s expected"
					       : "line %u: %s, but %s is missing before it",
				reader->line, KEYS[known], KEYS[wanted]);
			return;
		}
	}
	reader->error =
		vip_err_set(reader->err, -EBADMSG, "line %u: unknown key, %s expected", reader->line, KEYS[wanted]);
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
			*start == '\0' ? "the text ends" : "cut off", KEYS[key]);
		return false;
	}
	if (start[len] != '=' || len != strlen(KEYS[key]) || memcmp(start, KEYS[key], len) != 0) {
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

static void get_instance(struct reader *reader)
{
	size_t len;

	if (!take_line(reader, KEY_INSTANCE)) {
		return;
	}
	len = strspn(reader->value, NAME_CHARACTERS);
	if (len == 0 || len > VRRP_NAME_MAX || reader->value + len != reader->end) {
		bad_value(reader, KEY_INSTANCE, "a name");
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

int stored_text_read(const char *text, const char *boot_id_now, struct vrrp_stored *ret_stored, uint8_t *ret_member_id,
	struct vip_err *err)
{
	struct reader reader = { .at = text, .err = err };
	struct vrrp_stored stored;
	uint8_t member_id;

	assert(is_boot_id(boot_id_now));
	memset(&stored, 0, sizeof(stored)); /* paddings too: the core compares histories by memcmp */
	get_instance(&reader);
	member_id = (uint8_t)get_number(&reader, KEY_MEMBER, DECIMAL, 1, UINT8_MAX);
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
	if (reader.error == 0 && *reader.at != '\0') {
		reader.error = vip_err_set(err, -EBADMSG, "line %u: nothing more expected", reader.line + 1);
	}
	if (reader.error != 0) {
		return reader.error;
	}
	*ret_stored = stored;
	*ret_member_id = member_id;
	return 0;
}

#include "vipd/stored_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vipd/stored_text_private.h"

const char *const STORED_TEXT_KEYS[KEY_COUNT] = {
	[KEY_INSTANCE] = "instance",
	[KEY_CLUSTER] = "cluster",
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
	[KEY_MEMBERS_COUNT] = "list_count",
	[KEY_LIST_MEMBER] = "list_member",
};

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
	int n = snprintf(writer->text + writer->len, room, "%s=", STORED_TEXT_KEYS[key]);

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

static void put_members(struct writer *writer, const struct vrrp_member_list *list)
{
	assert(vrrp_member_list_is_valid(list));
	put_number(writer, KEY_MEMBERS_COUNT, list->count);
	for (unsigned i = 0; i < list->count; i++) {
		put(writer, KEY_LIST_MEMBER, "%u %u %" PRIx32, list->entry[i].id, list->entry[i].flags,
			list->entry[i].hash);
	}
}

bool stored_text_is_word(const char *text, const char *characters, size_t max)
{
	size_t len = strspn(text, characters);

	return len > 0 && len <= max && text[len] == '\0';
}

bool stored_text_is_boot_id(const char *text)
{
	return text[0] == '\0' ||
	       (stored_text_is_word(text, BOOT_CHARACTERS, STORED_TEXT_BOOT_ID_MAX) && strcmp(text, NO_BOOT) != 0);
}

size_t stored_text_write(const struct vrrp_stored *stored, const char *boot_id, const struct stored_owner *owner,
	char *text, size_t size)
{
	struct writer writer = { .text = text, .size = size };
	const struct vrrp_position *master = &stored->master_seen.at;
	const struct vrrp_grant *grant = &stored->long_grant;

	assert(size >= STORED_TEXT_SIZE && stored_text_is_boot_id(boot_id) && owner->member_id != 0);
	assert(owner->cluster != 0 && stored_text_is_word(owner->instance, NAME_CHARACTERS, VRRP_NAME_MAX));
	put(&writer, KEY_INSTANCE, "%s", owner->instance);
	put(&writer, KEY_CLUSTER, "%" PRIx32, owner->cluster);
	put_number(&writer, KEY_MEMBER, owner->member_id);
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
	put_members(&writer, &stored->members);
	return writer.len;
}

/*
 * Inside of stored_text.h: the keys and their order, shared by stored_text.c (writing) and stored_text_read.c.
 */
#ifndef VIPD_STORED_TEXT_PRIVATE_H
#define VIPD_STORED_TEXT_PRIVATE_H

#include "vipd/stored_text.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"
#define BOOT_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
#define NO_BOOT "-"

/* Every key, in the order of the text; a history's lines follow its count. */
enum key {
	KEY_INSTANCE,
	KEY_CLUSTER,
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
	KEY_MEMBERS_COUNT,
	KEY_LIST_MEMBER,
	KEY_COUNT
};

extern const char *const STORED_TEXT_KEYS[KEY_COUNT];

/* One to max of these characters, and nothing else. */
bool stored_text_is_word(const char *text, const char *characters, size_t max);
/* A boot id, or "" for one that is not known. */
bool stored_text_is_boot_id(const char *text);

#endif

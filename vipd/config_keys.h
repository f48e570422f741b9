/*
 * The table of every key: where it stands, what it holds, its range, its default, and where the value goes.
 *
 * One row a key; the scanner (unknown keys), libconfuse's options, the parser, the defaults, the manual's test and the
 * example's test all read this table. A value is applied to the struct that belongs to the key's section: vip_config,
 * config_instance (also for authentication), config_member, config_postgresql, config_script.
 */
#ifndef VIPD_CONFIG_KEYS_H
#define VIPD_CONFIG_KEYS_H

#include "vipd/config.h"
#include "vipd/config_parse.h"

enum config_section {
	CONFIG_SECTION_GLOBAL,
	CONFIG_SECTION_INSTANCE,
	CONFIG_SECTION_AUTHENTICATION,
	CONFIG_SECTION_MEMBER,
	CONFIG_SECTION_POSTGRESQL,
	CONFIG_SECTION_SCRIPT,
	CONFIG_SECTION_COUNT
};

enum config_type {
	CONFIG_TYPE_NUMBER,   /* uint8_t or uint16_t by size */
	CONFIG_TYPE_WEIGHT,   /* int16_t, may be below 0 */
	CONFIG_TYPE_DURATION, /* int64_t us */
	CONFIG_TYPE_SIZE,     /* uint64_t bytes */
	CONFIG_TYPE_BOOL,
	CONFIG_TYPE_WORD, /* an enum, by words */
	CONFIG_TYPE_NAME,
	CONFIG_TYPE_INTERFACE,
	CONFIG_TYPE_PATH,
	CONFIG_TYPE_TEXT,       /* printable */
	CONFIG_TYPE_COMMAND,    /* a command line whose first word is an absolute path */
	CONFIG_TYPE_CONNINFO,   /* says where: host or hostaddr, numeric or a socket directory */
	CONFIG_TYPE_UPSTREAM,   /* does not say where: the holder's host and port are added */
	CONFIG_TYPE_HOST,       /* struct vrrp_addr */
	CONFIG_TYPE_ADDRESSES,  /* list, config_instance.address */
	CONFIG_TYPE_INTERFACES, /* list, struct config_interfaces */
	CONFIG_TYPE_SCHEDULING,
	CONFIG_TYPE_LATER, /* "not yet", except the default */
};

#define CONFIG_KEY_REQUIRED 0x01u
#define CONFIG_KEY_NO_EFFECT 0x02u /* read and checked; this version does not act on it */
#define CONFIG_KEY_OFF 0x04u       /* "off" is allowed and gives "" */

struct config_word {
	const char *name;
	unsigned value;
	bool later; /* known, "not yet" */
};

struct config_key {
	enum config_section section;
	const char *name;
	enum config_type type;
	size_t offset;
	size_t size; /* of the field */
	int64_t min; /* of numbers, us, bytes */
	int64_t max;
	const char *fallback; /* the default as one would write it; NULL: none, or config_check computes it */
	const struct config_word *words;
	unsigned flags;
};

/* The table and its length. */
const struct config_key *config_keys(size_t *ret_count);

/* NULL if that section has no such key. */
const struct config_key *config_key_find(enum config_section section, const char *name);

bool config_key_is_list(const struct config_key *key);

/* Name of a section as the file writes it ("" for the top level), whether it takes a title, and where it may stand. */
const char *config_section_name(enum config_section section);
bool config_section_has_title(enum config_section section);
enum config_section config_section_parent(enum config_section section);

/* The nearest known key or section name of that section for a misspelt word, else NULL. */
const char *config_key_suggest(enum config_section section, const char *word);

/*
 * Parses text and writes it to its field of base. For lists: appends one element. 0, or -EINVAL, -ERANGE, -E2BIG (the
 * list is full), -ENOSYS ("not yet") with a hint; the field is then unchanged.
 */
int config_key_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint);

/* The same as the table's default; asserts that the default is right. No default: nothing. */
void config_key_apply_default(const struct config_key *key, void *base);

/* Checks a conninfo string as the two conninfo types ask. */
int config_conninfo_check(const char *text, bool names_a_server, struct config_hint *hint);

#endif

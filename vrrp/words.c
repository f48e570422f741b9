/* The words for log, status and documentation: one list each, in the order of its enum (report.h, advert.h). */
#include "vrrp/advert.h"
#include "vrrp/report.h"

static const char *const ROLE_WORDS[] = {
	[VRRP_ROLE_INIT] = "INIT",
	[VRRP_ROLE_WITNESS] = "WITNESS",
	[VRRP_ROLE_BACKUP] = "BACKUP",
	[VRRP_ROLE_CANDIDATE] = "CANDIDATE",
	[VRRP_ROLE_PROMOTING] = "PROMOTING",
	[VRRP_ROLE_MASTER] = "MASTER",
	[VRRP_ROLE_LEAVING] = "LEAVING",
	[VRRP_ROLE_FAULT] = "FAULT",
};
_Static_assert(VRRP_ARRAY_LENGTH(ROLE_WORDS) == VRRP_ROLE_COUNT, "a word for each role");

static const char *const FAULT_WORDS[] = {
	[VRRP_FAULT_PG_DOWN] = "pg_down",
	[VRRP_FAULT_PG_STARTING] = "pg_starting",
	[VRRP_FAULT_REPLAY_PAUSED] = "replay_paused",
	[VRRP_FAULT_SYSTEM_ID] = "system_identifier",
	[VRRP_FAULT_HISTORY] = "history",
	[VRRP_FAULT_LAG] = "lag",
	[VRRP_FAULT_NOFAILOVER] = "nofailover",
	[VRRP_FAULT_LINK] = "link",
	[VRRP_FAULT_SCRIPT] = "script",
	[VRRP_FAULT_DIVERGED] = "diverged",
	[VRRP_FAULT_HELD] = "fault_hold",
	[VRRP_FAULT_REJOINING] = "rejoining",
	[VRRP_FAULT_CONFIG_JUMP] = "config_jump",
	[VRRP_FAULT_SUPERSEDED] = "superseded",
	[VRRP_FAULT_STALLED] = "stalled",
	[VRRP_FAULT_PG_HUNG] = "pg_hung",
	[VRRP_FAULT_DISK] = "disk",
	[VRRP_FAULT_STATE_FILE] = "state_file",
	[VRRP_FAULT_KERNEL] = "kernel",
	[VRRP_FAULT_LEAVING] = "leaving",
	[VRRP_FAULT_SYNC_SETTINGS] = "sync_settings",
	[VRRP_FAULT_NOT_ACCEPTING] = "not_accepting",
	[VRRP_FAULT_WAL_STUCK] = "wal_stuck",
	[VRRP_FAULT_DISK_STUCK] = "disk_stuck",
};
_Static_assert(VRRP_ARRAY_LENGTH(FAULT_WORDS) == VRRP_FAULT_COUNT, "a word for each fault");
_Static_assert(VRRP_FAULT_COUNT <= 32, "fault_reasons is a 32-bit set");

static const char *const REFUSAL_WORDS[] = {
	[VRRP_REFUSAL_NONE] = "none",
	[VRRP_REFUSAL_BOUND] = "bound",
	[VRRP_REFUSAL_SILENT] = "silent",
	[VRRP_REFUSAL_HOLDER] = "holder",
	[VRRP_REFUSAL_PAUSED] = "paused",
	[VRRP_REFUSAL_VETO] = "veto",
	[VRRP_REFUSAL_MAX_LAG] = "max_lag",
	[VRRP_REFUSAL_PRIMARY] = "running_primary",
	[VRRP_REFUSAL_DIGEST] = "digest",
	[VRRP_REFUSAL_TOO_LONG] = "too_long",
	[VRRP_REFUSAL_ROUND] = "round",
	[VRRP_REFUSAL_JUMP] = "config_jump",
	[VRRP_REFUSAL_TARGET] = "switchover_target",
	[VRRP_REFUSAL_SYSTEM_ID] = "system_id",
};
_Static_assert(VRRP_ARRAY_LENGTH(REFUSAL_WORDS) == VRRP_REFUSAL_COUNT, "a word for each refusal");

static const char *const DROP_WORDS[] = {
	[VRRP_DROP_NONE] = "accepted",
	[VRRP_DROP_SOURCE] = "source",
	[VRRP_DROP_LENGTH] = "length",
	[VRRP_DROP_MAGIC] = "magic",
	[VRRP_DROP_VERSION] = "version",
	[VRRP_DROP_VRID] = "vrid",
	[VRRP_DROP_MEMBER] = "member",
	[VRRP_DROP_KEY] = "key",
	[VRRP_DROP_HMAC] = "hmac",
	[VRRP_DROP_CONTENT] = "content",
	[VRRP_DROP_SEQ] = "seq",
	[VRRP_DROP_INCARNATION] = "incarnation",
	[VRRP_DROP_DUPLICATE] = "duplicate_member",
	[VRRP_DROP_UNREAD] = "unread",
};
_Static_assert(VRRP_ARRAY_LENGTH(DROP_WORDS) == VRRP_DROP_COUNT, "a word for each drop");

static const char *const ADVERT_DROP_WORDS[] = {
	[VRRP_ADVERT_DROP_NONE] = "accepted",
	[VRRP_ADVERT_DROP_IP] = "ip",
	[VRRP_ADVERT_DROP_TTL] = "ttl",
	[VRRP_ADVERT_DROP_LENGTH] = "length",
	[VRRP_ADVERT_DROP_VERSION] = "version",
	[VRRP_ADVERT_DROP_TYPE] = "type",
	[VRRP_ADVERT_DROP_VRID] = "vrid",
	[VRRP_ADVERT_DROP_COUNT_0] = "no_address",
	[VRRP_ADVERT_DROP_CHECKSUM] = "checksum",
	[VRRP_ADVERT_DROP_INTERVAL] = "interval",
};
_Static_assert(VRRP_ARRAY_LENGTH(ADVERT_DROP_WORDS) == VRRP_ADVERT_DROP_COUNT, "a word for each drop");

/* A value that a later release may have added comes out as "?", and so would a hole in a table. */
static const char *word(const char *const *words, size_t count, unsigned value)
{
	return value < count && words[value] != NULL ? words[value] : "?";
}

const char *vrrp_role_word(unsigned role)
{
	return word(ROLE_WORDS, VRRP_ARRAY_LENGTH(ROLE_WORDS), role);
}

const char *vrrp_fault_word(unsigned fault)
{
	return word(FAULT_WORDS, VRRP_ARRAY_LENGTH(FAULT_WORDS), fault);
}

const char *vrrp_refusal_word(unsigned refusal)
{
	return word(REFUSAL_WORDS, VRRP_ARRAY_LENGTH(REFUSAL_WORDS), refusal);
}

const char *vrrp_drop_word(unsigned drop)
{
	return word(DROP_WORDS, VRRP_ARRAY_LENGTH(DROP_WORDS), drop);
}

const char *vrrp_advert_drop_word(unsigned drop)
{
	return word(ADVERT_DROP_WORDS, VRRP_ARRAY_LENGTH(ADVERT_DROP_WORDS), drop);
}

#include "vipd/config_keys.h"

#include <string.h>

#define MS VRRP_US_PER_MS
#define SEC VRRP_US_PER_S
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)

static const struct config_word log_levels[] = { { "err", LOG_IS_ERR, false }, { "warning", LOG_IS_WARNING, false },
	{ "notice", LOG_IS_NOTICE, false }, { "info", LOG_IS_INFO, false }, { "debug", LOG_IS_DEBUG, false }, { 0 } };
static const struct config_word log_targets[] = { { "auto", LOG_TO_AUTO, false }, { "journal", LOG_TO_JOURNAL, false },
	{ "stderr", LOG_TO_STDERR, false }, { 0 } };
static const struct config_word quorums[] = { { "majority", CONFIG_QUORUM_MAJORITY, false },
	{ "none", CONFIG_QUORUM_NONE, false }, { 0 } };
static const struct config_word durabilities[] = { { "async", CONFIG_DURABILITY_ASYNC, false },
	{ "quorum", CONFIG_DURABILITY_QUORUM, false }, { "adaptive", 0, true }, { 0 } };
static const struct config_word manages[] = { { "full", CONFIG_MANAGE_FULL, false },
	{ "promote", CONFIG_MANAGE_PROMOTE, false }, { 0 } };
static const struct config_word rejoins[] = { { "auto", CONFIG_REJOIN_AUTO, false },
	{ "manual", CONFIG_REJOIN_MANUAL, false }, { 0 } };

#define FIELD(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define NOWHERE 0, 0

#define G CONFIG_SECTION_GLOBAL
#define I CONFIG_SECTION_INSTANCE
#define A CONFIG_SECTION_AUTHENTICATION
#define M CONFIG_SECTION_MEMBER
#define P CONFIG_SECTION_POSTGRESQL
#define S CONFIG_SECTION_SCRIPT

#define TEXT_KEY(section, name, type, field, flags) section, name, type, field, 0, 0, NULL, NULL, flags
#define WORD_KEY(section, name, field, fallback, words) section, name, CONFIG_TYPE_WORD, field, 0, 0, fallback, words, 0
#define BOOL_KEY(section, name, field, fallback) section, name, CONFIG_TYPE_BOOL, field, 0, 0, fallback, NULL, 0
#define NUMBER_KEY(section, name, field, min, max, fallback)                                                           \
	section, name, CONFIG_TYPE_NUMBER, field, min, max, fallback, NULL, 0
#define TIME_KEY(section, name, field, min, max, fallback)                                                             \
	section, name, CONFIG_TYPE_DURATION, field, min, max, fallback, NULL, 0
#define SIZE_KEY(section, name, field, max, fallback, flags)                                                           \
	section, name, CONFIG_TYPE_SIZE, field, 0, max, fallback, NULL, flags
#define LATER_KEY(section, name, fallback) section, name, CONFIG_TYPE_LATER, NOWHERE, 0, 0, fallback, NULL, 0

/* clang-format off */
static const struct config_key keys[] = {
	{ TEXT_KEY(G, "node", CONFIG_TYPE_NAME, FIELD(vip_config, node), 0) },
	{ G, "control", CONFIG_TYPE_PATH, FIELD(vip_config, control), 0, 0, "/run/vipd/vipd.sock", NULL, 0 },
	{ G, "state_dir", CONFIG_TYPE_PATH, FIELD(vip_config, state_dir), 0, 0, "/var/lib/vipd", NULL, 0 },
	{ NUMBER_KEY(G, "report_port", FIELD(vip_config, report_port), 1, 65535, "3112") },
	{ LATER_KEY(G, "http_listen", "off") },
	{ WORD_KEY(G, "log_level", FIELD(vip_config, log_level), "info", log_levels) },
	{ WORD_KEY(G, "log_target", FIELD(vip_config, log_target), "auto", log_targets) },
	{ G, "scheduling", CONFIG_TYPE_SCHEDULING, NOWHERE, 0, 0, "rr:1", NULL, 0 },
	{ BOOL_KEY(G, "lock_memory", FIELD(vip_config, lock_memory), "true") },

	{ TEXT_KEY(I, "cluster_id", CONFIG_TYPE_TEXT, FIELD(config_instance, cluster_id), CONFIG_KEY_REQUIRED) },
	{ I, "virtual_router_id", CONFIG_TYPE_NUMBER, FIELD(config_instance, vrid), 1, 255, NULL, NULL,
		CONFIG_KEY_REQUIRED },
	{ TEXT_KEY(I, "interface", CONFIG_TYPE_INTERFACE, FIELD(config_instance, interface), 0) },
	{ TEXT_KEY(I, "virtual_ipaddress", CONFIG_TYPE_ADDRESSES, NOWHERE, CONFIG_KEY_REQUIRED) },
	{ TIME_KEY(I, "advert_int", FIELD(config_instance, advert_int_us), 10 * MS, 10 * SEC, "250ms") },
	{ TIME_KEY(I, "lease", FIELD(config_instance, lease_us), 30 * MS, 5 * MINUTE, NULL) },
	{ WORD_KEY(I, "quorum", FIELD(config_instance, quorum), "majority", quorums) },
	{ WORD_KEY(I, "durability", FIELD(config_instance, durability), "async", durabilities) },
	{ NUMBER_KEY(I, "sync_standbys", FIELD(config_instance, sync_standbys), 1, VRRP_MEMBERS_MAX - 1, NULL) },
	{ NUMBER_KEY(I, "max_drift", FIELD(config_instance, max_drift_percent), 1, 50, "10") },
	{ TIME_KEY(I, "restart_grace", FIELD(config_instance, restart_grace_us), 1 * SEC, 5 * MINUTE, "10s") },
	{ SIZE_KEY(I, "election_lag", FIELD(config_instance, election_lag_bytes), INT64_C(1) << 40, "0B", 0) },
	{ SIZE_KEY(I, "max_lag", FIELD(config_instance, max_lag_bytes), INT64_C(1) << 40, "16MB", 0) },
	{ TIME_KEY(I, "boot_wait", FIELD(config_instance, boot_wait_us), 0, HOUR, "30s") },
	{ TIME_KEY(I, "promote_timeout", FIELD(config_instance, promote_timeout_us), 1 * SEC, HOUR, "30s") },
	{ TIME_KEY(I, "fault_hold", FIELD(config_instance, fault_hold_us), 0, 24 * HOUR, "60s") },
	{ BOOL_KEY(I, "gate", FIELD(config_instance, gate), "on") },
	{ NUMBER_KEY(I, "garp_repeat", FIELD(config_instance, garp_repeat), 1, 100, "5") },
	{ TIME_KEY(I, "garp_repeat_delay", FIELD(config_instance, garp_repeat_delay_us), 10 * MS, MINUTE, "1s") },
	{ TIME_KEY(I, "garp_refresh", FIELD(config_instance, garp_refresh_us), 0, HOUR, "60s") },
	{ LATER_KEY(I, "use_vmac", "false") },
	{ LATER_KEY(I, "advert_unicast", "false") },
	{ BOOL_KEY(I, "checksum_with_pseudo_header", FIELD(config_instance, checksum_with_pseudo_header), "false") },
	{ TEXT_KEY(I, "track_interface", CONFIG_TYPE_INTERFACES, FIELD(config_instance, track_interface), 0) },
	{ TEXT_KEY(I, "notify", CONFIG_TYPE_COMMAND, FIELD(config_instance, notify), 0) },
	{ TEXT_KEY(I, "pre_promote", CONFIG_TYPE_COMMAND, FIELD(config_instance, pre_promote), CONFIG_KEY_NO_EFFECT) },
	{ TEXT_KEY(I, "fence_command", CONFIG_TYPE_COMMAND, FIELD(config_instance, fence_command), 0) },
	{ LATER_KEY(I, "replica_ipaddress", NULL) },

	{ TEXT_KEY(A, "key_file", CONFIG_TYPE_PATH, FIELD(config_instance, key_file), CONFIG_KEY_REQUIRED) },

	{ TEXT_KEY(M, "address", CONFIG_TYPE_HOST, FIELD(config_member, address), CONFIG_KEY_REQUIRED) },
	{ NUMBER_KEY(M, "id", FIELD(config_member, id), 1, 255, NULL) },
	{ NUMBER_KEY(M, "priority", FIELD(config_member, priority), 1, 254, "100") },
	{ BOOL_KEY(M, "witness", FIELD(config_member, witness), "false") },
	{ BOOL_KEY(M, "nofailover", FIELD(config_member, nofailover), "false") },
	{ BOOL_KEY(M, "vote_data", FIELD(config_member, vote_data), "false") },
	{ TEXT_KEY(M, "replicate_from", CONFIG_TYPE_NAME, FIELD(config_member, replicate_from), 0) },
	{ TEXT_KEY(M, "interface", CONFIG_TYPE_INTERFACE, FIELD(config_member, override.interface), 0) },
	{ TEXT_KEY(M, "track_interface", CONFIG_TYPE_INTERFACES, FIELD(config_member, override.track_interface), 0) },
	{ TEXT_KEY(M, "data_directory", CONFIG_TYPE_PATH, FIELD(config_member, override.data_directory), 0) },
	{ TEXT_KEY(M, "config_file", CONFIG_TYPE_PATH, FIELD(config_member, override.config_file), 0) },
	{ TEXT_KEY(M, "conninfo", CONFIG_TYPE_CONNINFO, FIELD(config_member, override.conninfo), 0) },
	{ NUMBER_KEY(M, "port", FIELD(config_member, override.port), 1, 65535, NULL) },
	{ TEXT_KEY(M, "upstream", CONFIG_TYPE_UPSTREAM, FIELD(config_member, override.upstream), 0) },

	{ TEXT_KEY(P, "data_directory", CONFIG_TYPE_PATH, FIELD(config_postgresql, data_directory), 0) },
	{ TEXT_KEY(P, "config_file", CONFIG_TYPE_PATH, FIELD(config_postgresql, config_file), 0) },
	{ TEXT_KEY(P, "conninfo", CONFIG_TYPE_CONNINFO, FIELD(config_postgresql, conninfo), 0) },
	{ NUMBER_KEY(P, "port", FIELD(config_postgresql, port), 1, 65535, "5432") },
	{ TEXT_KEY(P, "upstream", CONFIG_TYPE_UPSTREAM, FIELD(config_postgresql, upstream), 0) },
	{ TEXT_KEY(P, "rewind_conninfo", CONFIG_TYPE_UPSTREAM, FIELD(config_postgresql, rewind_conninfo), 0) },
	{ WORD_KEY(P, "manage", FIELD(config_postgresql, manage), "full", manages) },
	{ WORD_KEY(P, "rejoin", FIELD(config_postgresql, rejoin), "auto", rejoins) },
	{ TEXT_KEY(P, "bin_dir", CONFIG_TYPE_PATH, FIELD(config_postgresql, bin_dir), 0) },
	{ TEXT_KEY(P, "os_user", CONFIG_TYPE_NAME, FIELD(config_postgresql, os_user), 0) },
	{ TEXT_KEY(P, "start_command", CONFIG_TYPE_COMMAND, FIELD(config_postgresql, start_command), 0) },
	{ TEXT_KEY(P, "stop_command", CONFIG_TYPE_COMMAND, FIELD(config_postgresql, stop_command), 0) },
	{ TEXT_KEY(P, "restart_command", CONFIG_TYPE_COMMAND, FIELD(config_postgresql, restart_command), CONFIG_KEY_NO_EFFECT) },
	{ TIME_KEY(P, "probe_interval", FIELD(config_postgresql, probe_interval_us), 10 * MS, MINUTE, "1s") },
	{ TIME_KEY(P, "probe_timeout", FIELD(config_postgresql, probe_timeout_us), 10 * MS, MINUTE, "3s") },
	{ TIME_KEY(P, "connect_probe_interval", FIELD(config_postgresql, connect_probe_interval_us), 0, HOUR, "5s") },
	{ TIME_KEY(P, "connect_probe_timeout", FIELD(config_postgresql, connect_probe_timeout_us), 100 * MS, HOUR,
		"10s") },
	{ TIME_KEY(P, "write_probe_interval", FIELD(config_postgresql, write_probe_interval_us), 0, HOUR, "10s") },
	{ TIME_KEY(P, "write_probe_timeout", FIELD(config_postgresql, write_probe_timeout_us), 100 * MS, HOUR, "15s") },
	{ TIME_KEY(P, "disk_probe_interval", FIELD(config_postgresql, disk_probe_interval_us), 0, HOUR, "10s") },
	{ TIME_KEY(P, "disk_probe_timeout", FIELD(config_postgresql, disk_probe_timeout_us), 100 * MS, HOUR, "15s") },
	{ TIME_KEY(P, "primary_crash_grace", FIELD(config_postgresql, primary_crash_grace_us), 0, 10 * MINUTE, "0s") },
	{ TIME_KEY(P, "switchover_timeout", FIELD(config_postgresql, switchover_timeout_us), 1 * SEC, HOUR, "30s") },
	{ P, "standby_timeout", CONFIG_TYPE_DURATION, FIELD(config_postgresql, standby_timeout_us), 100 * MS, HOUR, "5s",
		NULL, CONFIG_KEY_NO_EFFECT },
	{ SIZE_KEY(P, "max_slot_keep", FIELD(config_postgresql, max_slot_keep_bytes), INT64_C(1) << 50, "10GB", 0) },
	{ TEXT_KEY(P, "salvage_dir", CONFIG_TYPE_PATH, FIELD(config_postgresql, salvage_dir), CONFIG_KEY_OFF) },

	{ TEXT_KEY(S, "command", CONFIG_TYPE_COMMAND, FIELD(config_script, command), CONFIG_KEY_REQUIRED) },
	{ TEXT_KEY(S, "user", CONFIG_TYPE_NAME, FIELD(config_script, user), 0) },
	{ TIME_KEY(S, "interval", FIELD(config_script, interval_us), 100 * MS, HOUR, "2s") },
	{ TIME_KEY(S, "timeout", FIELD(config_script, timeout_us), 10 * MS, HOUR, "1s") },
	{ NUMBER_KEY(S, "fall", FIELD(config_script, fall), 1, 1000, "3") },
	{ NUMBER_KEY(S, "rise", FIELD(config_script, rise), 1, 1000, "2") },
	{ S, "weight", CONFIG_TYPE_WEIGHT, FIELD(config_script, weight), 0, 0, "0", NULL, 0 },
};
/* clang-format on */

static const struct {
	const char *name;
	bool has_title;
	enum config_section parent;
} sections[CONFIG_SECTION_COUNT] = {
	[G] = { "", false, G },
	[I] = { "vrrp_instance", true, G },
	[A] = { "authentication", false, I },
	[M] = { "member", true, I },
	[P] = { "postgresql", false, I },
	[S] = { "track_script", true, I },
};

const struct config_key *config_keys(size_t *ret_count)
{
	*ret_count = VRRP_ARRAY_LENGTH(keys);
	return keys;
}

const struct config_key *config_key_find(enum config_section section, const char *name)
{
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(keys); i++) {
		if (keys[i].section == section && strcmp(keys[i].name, name) == 0) {
			return &keys[i];
		}
	}
	return NULL;
}

bool config_key_is_list(const struct config_key *key)
{
	return key->type == CONFIG_TYPE_ADDRESSES || key->type == CONFIG_TYPE_INTERFACES ||
	       (key->type == CONFIG_TYPE_LATER && key->fallback == NULL);
}

const char *config_section_name(enum config_section section)
{
	return sections[section].name;
}

bool config_section_has_title(enum config_section section)
{
	return sections[section].has_title;
}

enum config_section config_section_parent(enum config_section section)
{
	return sections[section].parent;
}

/* Levenshtein's distance for words of at most VRRP_NAME_MAX characters, else a large number. */
static size_t word_distance(const char *a, const char *b)
{
	size_t row[VRRP_NAME_MAX + 1];
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);

	if (a_len > VRRP_NAME_MAX || b_len > VRRP_NAME_MAX) {
		return SIZE_MAX;
	}
	for (size_t j = 0; j <= b_len; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[b_len];
}

const char *config_key_suggest(enum config_section section, const char *word)
{
	const char *best_name = NULL;
	size_t best = 4; /* a distance of 4 is another word */

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(keys); i++) {
		size_t distance = keys[i].section == section ? word_distance(word, keys[i].name) : SIZE_MAX;

		if (distance < best) {
			best = distance;
			best_name = keys[i].name;
		}
	}
	for (int i = CONFIG_SECTION_INSTANCE; i < CONFIG_SECTION_COUNT; i++) {
		size_t distance = sections[i].parent == section ? word_distance(word, sections[i].name) : SIZE_MAX;

		if (distance < best) {
			best = distance;
			best_name = sections[i].name;
		}
	}
	return best_name;
}

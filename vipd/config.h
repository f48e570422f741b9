/*
 * The configuration: /etc/vipd/vipd.conf (product.md, "Configuration"; vipd.conf(5)) as plain values.
 *
 * config_load() reads the file once, checks everything and gives one struct without pointers, or a report with every
 * fault of the file (file, line, what to write instead) and no struct: nothing is started on half a configuration.
 * Durations are microseconds (..._us), sizes bytes, limits have names. The caller owns the struct (config_free).
 *
 * The daemon of this version acts on every key but those of CONFIG_KEY_NO_EFFECT, which are read and checked,
 * with a warning that they have no effect. What it cannot do and must not seem to do is refused with "not
 * yet": replica_ipaddress, use_vmac, advert_unicast, http_listen, durability = adaptive here; pre_promote and others by
 * config_not_yet.h, which knows what the daemon does.
 *
 * Where a member overrides what its instance says, config_local_get() gives what holds for that member.
 * The way of a value: config_scan (lines, doubles, comments) -> libconfuse (grammar) -> config_keys (table, ranges) ->
 * config_check (what several keys say together).
 */
#ifndef VIPD_CONFIG_H
#define VIPD_CONFIG_H

#include "vipd/config_report.h"
#include "vipd/log.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define CONFIG_INSTANCES_MAX 16
#define CONFIG_TRACK_INTERFACES_MAX 8
#define CONFIG_TRACK_SCRIPTS_MAX 8
#define CONFIG_PATH_SIZE 256   /* with the 0, as all ..._SIZE here */
#define CONFIG_SOCKET_SIZE 100 /* sun_path has 108, less what a temporary name adds */
#define CONFIG_CONNINFO_SIZE 512
#define CONFIG_COMMAND_SIZE 512
#define CONFIG_CLUSTER_ID_SIZE 129
#define CONFIG_NAME_SIZE (VRRP_NAME_MAX + 1)
#define CONFIG_INTERFACE_SIZE 16 /* IFNAMSIZ */
#define CONFIG_DEFAULT_FILE "/etc/vipd/vipd.conf"

enum config_quorum { CONFIG_QUORUM_MAJORITY, CONFIG_QUORUM_NONE };
enum config_durability { CONFIG_DURABILITY_ASYNC, CONFIG_DURABILITY_QUORUM };
enum config_manage { CONFIG_MANAGE_FULL, CONFIG_MANAGE_PROMOTE };
enum config_rejoin { CONFIG_REJOIN_AUTO, CONFIG_REJOIN_MANUAL };
enum config_scheduling { CONFIG_SCHEDULING_OTHER, CONFIG_SCHEDULING_RR, CONFIG_SCHEDULING_FIFO };

/* A floating address: "10.0.0.10/24 dev eth1 label eth1:pg". interface "" = the instance's; label "" = none. */
struct config_address {
	struct vrrp_addr addr;
	uint8_t prefix_len;
	char interface[CONFIG_INTERFACE_SIZE];
	char label[CONFIG_INTERFACE_SIZE];
};

struct config_interfaces {
	uint8_t count;
	char name[CONFIG_TRACK_INTERFACES_MAX][CONFIG_INTERFACE_SIZE];
	int16_t weight[CONFIG_TRACK_INTERFACES_MAX]; /* 0: down = not eligible */
};

struct config_script {
	char name[CONFIG_NAME_SIZE];
	char command[CONFIG_COMMAND_SIZE];
	char user[CONFIG_NAME_SIZE]; /* "" = PostgreSQL's; "root" = the daemon itself */
	int64_t interval_us;
	int64_t timeout_us;
	uint16_t fall;
	uint16_t rise;
	int16_t weight; /* -253..253; 0: down = not eligible */
	unsigned line;
};

/* What a member may say differently from its instance; "" or 0 = not said. */
struct config_override {
	char interface[CONFIG_INTERFACE_SIZE];
	bool has_track_interface;
	struct config_interfaces track_interface;
	char data_directory[CONFIG_PATH_SIZE];
	char config_file[CONFIG_PATH_SIZE];
	char conninfo[CONFIG_CONNINFO_SIZE];
	char upstream[CONFIG_CONNINFO_SIZE];
	uint16_t port;
};

struct config_member {
	char name[CONFIG_NAME_SIZE];
	uint8_t id; /* 1-255 */
	struct vrrp_addr address;
	uint8_t priority; /* 1-254 */
	bool witness;
	bool nofailover;
	bool vote_data;
	char replicate_from[CONFIG_NAME_SIZE]; /* "" = from the holder */
	struct config_override override;
	unsigned line; /* of the file, for messages */
};

struct config_postgresql {
	char data_directory[CONFIG_PATH_SIZE];
	char config_file[CONFIG_PATH_SIZE];         /* "" = found out, see vipd.conf(5) */
	char conninfo[CONFIG_CONNINFO_SIZE];        /* host is a socket directory or a numeric address */
	char upstream[CONFIG_CONNINFO_SIZE];        /* without host and port */
	char rewind_conninfo[CONFIG_CONNINFO_SIZE]; /* "" = upstream with dbname=postgres */
	char bin_dir[CONFIG_PATH_SIZE];             /* "" = /usr/lib/postgresql/<major>/bin */
	char os_user[CONFIG_NAME_SIZE];             /* "" = owner of the data directory */
	unsigned bin_dir_line;                      /* of the file, for messages */
	unsigned os_user_line;
	char start_command[CONFIG_COMMAND_SIZE]; /* "" = default; else see exec_command_split */
	char stop_command[CONFIG_COMMAND_SIZE];
	char restart_command[CONFIG_COMMAND_SIZE];
	char salvage_dir[CONFIG_PATH_SIZE]; /* "" = off */
	uint16_t port;
	enum config_manage manage;
	enum config_rejoin rejoin;
	int64_t probe_interval_us;
	int64_t probe_timeout_us;
	int64_t connect_probe_interval_us; /* 0 = off */
	int64_t connect_probe_timeout_us;
	int64_t write_probe_interval_us; /* 0 = off */
	int64_t write_probe_timeout_us;
	int64_t disk_probe_interval_us; /* 0 = off */
	int64_t disk_probe_timeout_us;
	int64_t primary_crash_grace_us;
	int64_t switchover_timeout_us;
	int64_t standby_timeout_us;
	uint64_t max_slot_keep_bytes;
};

struct config_instance {
	char name[CONFIG_NAME_SIZE];
	unsigned line;
	char cluster_id[CONFIG_CLUSTER_ID_SIZE];
	uint8_t vrid;
	char interface[CONFIG_INTERFACE_SIZE]; /* "" only if every data member has its own */
	size_t address_count;
	struct config_address address[VRRP_ADDRESSES_MAX];
	char key_file[CONFIG_PATH_SIZE];
	size_t member_count;
	struct config_member member[VRRP_MEMBERS_MAX];
	bool has_postgresql; /* always true once config_load returned 0 */
	struct config_postgresql postgresql;

	int64_t advert_int_us;
	int64_t lease_us;
	enum config_quorum quorum;
	enum config_durability durability;
	uint8_t sync_standbys; /* k, also set when durability = async (digest) */
	uint8_t max_drift_percent;
	int64_t restart_grace_us;
	uint64_t election_lag_bytes;
	uint64_t max_lag_bytes;
	int64_t boot_wait_us;
	int64_t promote_timeout_us;
	int64_t fault_hold_us;
	bool gate;
	uint8_t garp_repeat;
	int64_t garp_repeat_delay_us;
	int64_t garp_refresh_us; /* 0 = off */
	bool checksum_with_pseudo_header;
	struct config_interfaces track_interface;
	size_t track_script_count;
	struct config_script track_script[CONFIG_TRACK_SCRIPTS_MAX];
	char notify[CONFIG_COMMAND_SIZE]; /* command lines; "" = none */
	char pre_promote[CONFIG_COMMAND_SIZE];
	char fence_command[CONFIG_COMMAND_SIZE];
};

struct vip_config {
	char node[CONFIG_NAME_SIZE]; /* "" = by the addresses of this machine */
	char control[CONFIG_SOCKET_SIZE];
	char state_dir[CONFIG_PATH_SIZE];
	uint16_t report_port;
	enum log_priority log_level;
	enum log_sink log_target;
	enum config_scheduling scheduling;
	uint8_t scheduling_priority;
	bool lock_memory;
	size_t instance_count;
	struct config_instance instance[CONFIG_INSTANCES_MAX];
};

/* What the command line says; it wins over the file. NULL = not given. Checked like the file's values. */
struct config_options {
	const char *node;
	const char *control;
	const char *state_dir;
	const char *log_target;
	const char *log_level;
	bool without_key_files; /* do not look at key files (tests, a check on another host) */
};

/*
 * Reads and checks the file. Returns 0 and *ret_config (config_free), warnings in report; or -EINVAL with at least
 * one error in report; or -ENOMEM. options may be NULL. Reads files (the configuration, key files): not for the loop's
 * hot path; a reload calls it between two steps.
 */
int config_load(const char *path, const struct config_options *options, struct config_report *report,
	struct vip_config **ret_config);

/* The same from memory; path is the name for messages. text need not end with a 0. */
int config_load_text(const char *path, const char *text, size_t text_len, const struct config_options *options,
	struct config_report *report, struct vip_config **ret_config);

void config_free(struct vip_config *config);

/* NULL if there is none of that name. */
const struct config_instance *config_instance_find(const struct vip_config *config, const char *name);

/* Index of a member of that name, or -ENOENT. */
int config_member_find(const struct config_instance *instance, const char *name);

/*
 * Which member am I: index of the member, by name if node is not "", else of the one whose address is_local() says is
 * on this machine. -ENOENT: none; -ENOTUNIQ: several (say node). Both with a sentence.
 */
int config_member_find_local(const struct config_instance *instance, const char *node,
	bool (*is_local)(void *context, const struct vrrp_addr *addr), void *context, struct vip_err *err);

/* Number of data members: no witnesses, no cascading ones. */
size_t config_data_member_count(const struct config_instance *instance);

/* … of those that count for durability (protocol.md section 7's n): nofailover only with vote_data. */
size_t config_data_voter_count(const struct config_instance *instance);

/* What holds for one member, its overrides applied. A witness's interface may be "". */
struct config_local {
	char interface[CONFIG_INTERFACE_SIZE];
	struct config_interfaces track_interface;
	struct config_postgresql postgresql;
};

void config_local_get(const struct config_instance *instance, size_t member, struct config_local *ret_local);

#endif

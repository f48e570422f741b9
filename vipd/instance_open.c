#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/config_digest.h"
#include "vipd/instance.h"
#include "vipd/log.h"
#include "vipd/loop.h"
#include "vipd/stored_text.h"
#include "vrrp/addr.h"

#define PPM_PER_PERCENT 10000U

void instance_core_config(const struct instance *instance, struct vrrp_core_config *ret_config)
{
	const struct config_instance *own = instance->own;
	struct vrrp_core_config config = { .member_count = (uint8_t)own->member_count,
		.self = (uint8_t)instance->self,
		.vrid = own->vrid,
		.quorum = own->quorum == CONFIG_QUORUM_NONE ? VRRP_QUORUM_NONE : VRRP_QUORUM_MAJORITY,
		.durability =
			own->durability == CONFIG_DURABILITY_QUORUM ? VRRP_DURABILITY_QUORUM : VRRP_DURABILITY_ASYNC,
		.sync_standbys = own->sync_standbys,
		.scripts = instance_track_waits(instance),
		.fence = own->fence_command[0] != '\0',
		.manage_full = instance->local.postgresql.manage == CONFIG_MANAGE_FULL,
		.port = instance->local.postgresql.port,
		.max_drift_ppm = own->max_drift_percent * PPM_PER_PERCENT,
		.advert_int_us = own->advert_int_us,
		.lease_us = own->lease_us,
		.restart_grace_us = own->restart_grace_us,
		.boot_wait_us = own->boot_wait_us,
		.promote_timeout_us = own->promote_timeout_us,
		.switchover_timeout_us = instance->local.postgresql.switchover_timeout_us,
		.fault_hold_us = own->fault_hold_us,
		.garp_repeat_delay_us = own->garp_repeat_delay_us,
		.garp_refresh_us = own->garp_refresh_us > 0 ? own->garp_refresh_us : INT64_MAX,
		.garp_repeat = own->garp_repeat,
		.election_lag_bytes = own->election_lag_bytes,
		.max_lag_bytes = own->max_lag_bytes };

	for (size_t i = 0; i < own->member_count; i++) {
		config.member[i] = (struct vrrp_member_config){ .id = own->member[i].id,
			.priority = own->member[i].priority,
			.witness = own->member[i].witness,
			.nofailover = own->member[i].nofailover,
			.vote_data = own->member[i].vote_data };
	}
	*ret_config = config;
}

/* Whose the state file is; 0, or -EINVAL with a sentence if it is somebody else's. */
static int judge_owner(
	const struct instance *instance, const char *name, const struct stored_owner *found, struct vip_err *err)
{
	if (strcmp(found->instance, instance->owner.instance) != 0) {
		return vip_err_set(err, -EINVAL,
			"the state file %s is of instance %s, not of %s: it was renamed or copied; put the right one "
			"back, or take it away if this member has none",
			name, found->instance, instance->owner.instance);
	}
	if (found->cluster != instance->owner.cluster) {
		return vip_err_set(err, -EINVAL,
			"the state file %s is of another cluster_id than the configuration's: correct the "
			"configuration, or, for a new cluster, take the file away",
			name);
	}
	if (found->member_id != instance->owner.member_id) {
		return vip_err_set(err, -EINVAL,
			"the state file %s is of member id %u, the configuration says %u: ids are fixed once a member "
			"has run",
			name, found->member_id, instance->owner.member_id);
	}
	return 0;
}

/* The state file into a start event. One that cannot be read is put aside, never overwritten unseen. */
static int load_state(struct instance *instance, struct vrrp_event *event, struct vip_err *err)
{
	static char text[STATE_FILE_TEXT_MAX + 1];
	char name[STATE_FILE_NAME_SIZE];
	char aside[STATE_FILE_NAME_SIZE + 8];
	struct stored_owner owner;
	size_t size = 0;
	int code;

	(void)snprintf(name, sizeof(name), "%s.state", instance->own->name);
	(void)snprintf(aside, sizeof(aside), "%s.damaged", name);
	code = state_file_load(instance->dir_fd, name, text, sizeof(text), &size, err);
	if (code == -ENOENT) {
		log_notice(instance->own->name, "no state file yet: silent for %lld ms",
			(long long)(instance->own->restart_grace_us / VRRP_US_PER_MS));
		return 0;
	}
	if (code == 0) {
		code = stored_text_read(text, instance->boot_id, &event->stored, &owner, err);
	}
	if (code < 0) {
		log_err(instance->own->name, "state file %s: %s; kept as %s", name, err->text, aside);
		(void)renameat(instance->dir_fd, name, instance->dir_fd, aside);
		memset(&event->stored, 0, sizeof(event->stored));
		return 0;
	}
	code = judge_owner(instance, name, &owner, err);
	event->readable = code == 0;
	return code;
}

static void on_seen(void *user, const struct vrrp_pg *pg)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_PG, .pg = *pg };

	instance_post(user, &event);
}

static void on_dead(void *user)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_PG_DEAD };
	struct instance *instance = user;

	log_warning(instance->own->name, "PostgreSQL's postmaster is gone");
	instance_post(instance, &event);
}

static void on_done(void *user, uint64_t ticket, bool ok, bool untouched, const struct vrrp_pg *pg)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_PG_DONE, .ticket = ticket, .ok = ok, .untouched = untouched };

	if (pg != NULL) {
		event.pg = *pg;
	}
	instance_post(user, &event);
}

static void on_health(void *user, uint32_t faults)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_HEALTH, .faults = faults };

	instance_post(user, &event);
}

static void on_history(void *user, const struct vrrp_history *history)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_HISTORY, .history = *history };

	instance_post(user, &event);
}

static void on_pg_log(void *user, enum vrrp_log_level level, const char *sentence)
{
	const struct instance *instance = user;

	log_write((enum log_priority)level, instance->own->name, NULL, 0, "%s", sentence);
}

static void on_stored(void *user, const char *name, uint64_t ticket, int code, const char *text)
{
	const char *dot = strrchr(name, '.');
	bool token = dot != NULL && strcmp(dot, INSTANCE_TOKEN_SUFFIX) == 0;
	struct vrrp_event event = {
		.kind = token ? VRRP_EVENT_TOKEN : VRRP_EVENT_STORED, .ticket = ticket, .ok = code == 0
	};
	struct instance *instance = user;
	uint64_t suppressed = 0;

	if (code < 0 && log_limit_pass(&instance->store_limit, clock_now(), INSTANCE_STORE_US, &suppressed)) {
		log_err(instance->own->name, "state file %s: %s; tried again until it works", name, text);
	} else if (code == 0 && instance->core.store_failed) {
		log_notice(instance->own->name, "state file %s is written again", name);
		instance->store_limit = (struct log_limit){ 0 };
	}
	instance_post(instance, &event);
}

static void on_claim(void *user, const struct vrrp_addr *addr, const uint8_t mac[6])
{
	struct vrrp_event event = { .kind = VRRP_EVENT_CLAIM };
	struct instance *instance = user;
	char text[VRRP_ADDR_TEXT_MAX];
	uint64_t suppressed = 0;

	if (!instance->core.bound) {
		return; /* the holder's own announcements */
	}
	if (log_limit_pass(&instance->claim_limit, clock_now(), VRRP_US_PER_S, &suppressed)) {
		log_warning(instance->own->name, "%s is claimed by %02x:%02x:%02x:%02x:%02x:%02x",
			vrrp_addr_format(addr, text), mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	}
	instance_post(instance, &event);
}

/* An advertisement of the known holder's, or one that cannot be told from it: a link-local address names no member. */
static bool is_holders_advert(const struct instance *instance, const struct vrrp_addr *source)
{
	int holder = vrrp_core_holder(&instance->core);
	const struct vrrp_addr *expected;

	if (holder < 0 || (size_t)holder == instance->self) {
		return false; /* our own do not come back to us */
	}
	expected = &instance->own->member[holder].address;
	return source->family != expected->family || vrrp_addr_equal(source, expected);
}

/* Advertisements elect nobody; one that is not the known holder's is an alarm. */
static void on_advert(void *user, const struct vrrp_addr *source, uint8_t priority)
{
	struct instance *instance = user;
	char text[VRRP_ADDR_TEXT_MAX];
	uint64_t suppressed = 0;

	if (is_holders_advert(instance, source)) {
		return;
	}
	if (log_limit_pass(&instance->master_limit, clock_now(), 10 * VRRP_US_PER_S, &suppressed)) {
		log_warning(instance->own->name, "foreign_master: advertisement of priority %u with our VRID from %s",
			priority, vrrp_addr_format(source, text));
	}
}

static int on_kernel_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct instance *instance = user;
	struct kernel_listener listener = { .user = instance, .claim = on_claim, .advert = on_advert };

	(void)source;
	(void)fd;
	(void)events;
	kernel_listen_run(instance->kernel, &listener);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t at, void *user)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_TIMER };

	(void)source;
	(void)at;
	instance_step(user, &event);
	return 0;
}

/* Also after postgres_run alone, when no step re-armed it. */
static void run_postgres(struct instance *instance)
{
	struct vrrp_time at;

	postgres_run(instance->postgres, clock_now());
	at = postgres_deadline(instance->postgres);
	if (at.us != INT64_MAX) {
		(void)sd_event_source_set_time(instance->pg_timer, (uint64_t)at.us);
		(void)sd_event_source_set_enabled(instance->pg_timer, SD_EVENT_ONESHOT);
	}
}

static int on_pg_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	(void)source;
	(void)fd;
	(void)events;
	run_postgres(user);
	return 0;
}

static int on_pg_timer(sd_event_source *source, uint64_t at, void *user)
{
	(void)source;
	(void)at;
	run_postgres(user);
	return 0;
}

static int on_state_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct instance *instance = user;

	(void)source;
	(void)fd;
	(void)events;
	(void)state_writer_run(instance->writer);
	return 0;
}

static int add_timer(
	struct instance *instance, sd_event_source **ret_source, int64_t priority, sd_event_time_handler_t fn)
{
	int code = sd_event_add_time(instance->loop, ret_source, CLOCK_BOOTTIME, UINT64_MAX, 1, fn, instance);

	if (code >= 0) {
		code = sd_event_source_set_priority(*ret_source, priority);
	}
	return code < 0 ? code : sd_event_source_set_enabled(*ret_source, SD_EVENT_OFF);
}

static int open_loop(struct instance *instance, struct vip_err *err)
{
	int code = add_timer(instance, &instance->timer, INSTANCE_PRIORITY_TIMER, on_timer);

	if (code >= 0) {
		code = add_timer(instance, &instance->pg_timer, INSTANCE_PRIORITY_PG, on_pg_timer);
	}
	if (code >= 0) {
		code = instance_clock_open(instance);
	}
	if (code >= 0) {
		code = loop_add_fd(instance->loop, kernel_listen_fd(instance->kernel), INSTANCE_PRIORITY_KERNEL, NULL,
			on_kernel_fd, instance);
	}
	if (code >= 0) {
		code = loop_add_fd(instance->loop, state_writer_fd(instance->writer), INSTANCE_PRIORITY_STATE, NULL,
			on_state_fd, instance);
	}
	if (code >= 0 && instance->postgres != NULL) {
		code = loop_add_fd(instance->loop, postgres_fd(instance->postgres), INSTANCE_PRIORITY_PG, NULL,
			on_pg_fd, instance);
	}
	return code < 0 ? vip_err_set(err, code, "event loop: %s", strerror(-code)) : 0;
}

static int open_pairs(struct instance *instance, struct vip_err *err)
{
	for (size_t i = 0; i < instance->own->member_count; i++) {
		if (i == instance->self) {
			continue;
		}
		instance->pair[i] = report_socks_pair(instance->socks, &instance->own->member[instance->self].address,
			&instance->own->member[i].address, err);
		if (instance->pair[i] < 0) {
			return instance->pair[i];
		}
	}
	return 0;
}

static int open_leaves(struct instance *instance, struct vip_err *err)
{
	struct postgres_callbacks callbacks = { .user = instance,
		.seen = on_seen,
		.dead = on_dead,
		.done = on_done,
		.history = on_history,
		.health = on_health,
		.log = on_pg_log };
	int code = keys_load(instance->own->key_file, instance->own->cluster_id, &instance->keys, err);

	if (code == 0) {
		instance->auth = keys_auth_get(instance->keys);
		code = open_pairs(instance, err);
	}
	if (code == 0) {
		code = kernel_open(
			instance->own, instance->self, &instance->local, clock_now(), &instance->kernel, err);
	}
	if (code == 0) {
		code = state_writer_open(instance->dir_fd, on_stored, instance, &instance->writer, err);
	}
	if (code == 0 && !instance->own->member[instance->self].witness) {
		code = postgres_open(instance->own, instance->self, &instance->local, &callbacks, clock_now(),
			&instance->postgres, err);
	}
	return code == 0 ? open_loop(instance, err) : code;
}

static int start_core(struct instance *instance, struct vip_err *err)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_START };
	struct config_digest_parts parts;
	struct vrrp_core_config config;
	uint64_t random[2];
	int code;

	if (RAND_bytes((unsigned char *)random, sizeof(random)) != 1) {
		return vip_err_set(err, -EIO, "no random numbers for the incarnation");
	}
	instance_core_config(instance, &config);
	code = config_digest_compute(instance->own, config.digest, err);
	if (code == 0) {
		code = config_digest_parts_compute(instance->own, &parts, err);
	}
	if (code == 0) {
		(void)snprintf(instance->owner.instance, sizeof(instance->owner.instance), "%s", instance->own->name);
		instance->owner.cluster = parts.key_hash[CONFIG_DIGEST_CLUSTER_ID];
		instance->owner.member_id = instance->own->member[instance->self].id;
		code = load_state(instance, &event, err);
	}
	if (code < 0) {
		return code;
	}
	memcpy(config.key_hash, parts.key_hash, sizeof(config.key_hash));
	for (size_t i = 0; i < config.member_count; i++) {
		config.member[i].hash = parts.member_hash[i];
	}
	vrrp_core_init(&instance->core, &config, random[0] | 1, random[1]);
	instance->core.link_up = kernel_links_up(instance->kernel);
	event.token = instance->token;
	event.clock_excess_ppm = instance_clock_excess_ppm(instance);
	instance_step(instance, &event); /* its first act on the gate attaches it */
	instance_gate_tell(instance);
	return 0;
}

int instance_open(struct instance *instance, const struct vip_config *config, size_t number, size_t self,
	sd_event *loop, struct report_socks *socks, int dir_fd, struct vip_err *err)
{
	int code;

	memset(instance, 0, sizeof(*instance));
	instance->config = config;
	instance->number = number;
	instance->own = &config->instance[number];
	instance->self = self;
	instance->loop = loop;
	instance->socks = socks;
	instance->dir_fd = dir_fd;
	instance->lock = (struct state_lock){ -1, -1 };
	config_local_get(instance->own, self, &instance->local);
	code = clock_boot_id(instance->boot_id);
	if (code < 0) {
		return vip_err_set(err, code, "boot id: %s", strerror(-code));
	}
	code = state_lock_take(dir_fd, instance->own->name, instance->own->vrid, &instance->lock, err);
	if (code == 0) {
		instance_token_take(instance);
		code = open_leaves(instance, err);
	}
	if (code == 0) {
		code = instance_notify_open(instance, err);
	}
	if (code == 0) {
		code = start_core(instance, err);
	}
	if (code == 0) {
		code = instance_track_open(instance, err);
	}
	if (code < 0) {
		instance_close(instance);
	}
	return code;
}

void instance_close(struct instance *instance)
{
	instance_track_close(instance);
	instance_notify_close(instance);
	instance_fence_end(instance);
	(void)sd_event_source_disable_unref(instance->timer);
	(void)sd_event_source_disable_unref(instance->pg_timer);
	(void)sd_event_source_disable_unref(instance->clock_timer);
	if (instance->writer != NULL) {
		(void)state_writer_close(instance->writer, 1000);
	}
	postgres_close(instance->postgres);
	kernel_close(instance->kernel);
	keys_free(instance->keys);
	state_lock_release(&instance->lock);
	memset(instance, 0, sizeof(*instance));
}

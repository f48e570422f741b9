#include "vipd/postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vipd/config_host.h"
#include "vipd/os_user.h"
#include "vipd/postgres_internal.h"

static int watch(struct postgres *postgres, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(postgres->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* /etc/postgresql/V/C/postgresql.conf for a data directory /var/lib/postgresql/V/C, as Debian lays clusters out. */
static void find_config_file(const struct config_postgresql *config, char *ret_path, size_t size)
{
	static const char prefix[] = "/var/lib/postgresql/";
	char path[CONFIG_PATH_SIZE + 64];

	(void)snprintf(ret_path, size, "%s", config->config_file);
	if (config->config_file[0] != '\0' || strncmp(config->data_directory, prefix, sizeof(prefix) - 1) != 0) {
		return;
	}
	(void)snprintf(
		path, sizeof(path), "/etc/postgresql/%s/postgresql.conf", config->data_directory + sizeof(prefix) - 1);
	if (access(path, F_OK) == 0) {
		(void)snprintf(ret_path, size, "%s", path);
	}
}

static int open_rejoin(struct postgres *postgres, struct vrrp_time now, struct vip_err *err)
{
	const struct config_postgresql *config = &postgres->local.postgresql;
	struct pg_rejoin_config rejoin = { .self = "/proc/self/exe" };
	int code;

	(void)snprintf(rejoin.data_directory, sizeof(rejoin.data_directory), "%s", config->data_directory);
	(void)snprintf(rejoin.start_command, sizeof(rejoin.start_command), "%s", config->start_command);
	(void)snprintf(rejoin.stop_command, sizeof(rejoin.stop_command), "%s", config->stop_command);
	config_bin_directory(config, rejoin.bin_directory, sizeof(rejoin.bin_directory));
	find_config_file(config, rejoin.config_file, sizeof(rejoin.config_file));
	code = os_user_find(config, &rejoin.owner, err);
	if (code == 0) {
		code = pg_rejoin_new(&rejoin, &postgres->rejoin, err);
	}
	if (code == 0) {
		code = pg_rejoin_new(&rejoin, &postgres->inspector, err);
	}
	if (code == 0) {
		code = postgres_health_open(postgres, &rejoin, now, err);
	}
	return code;
}

static int open_parts(struct postgres *postgres, struct vrrp_time now, struct vip_err *err)
{
	const struct config_postgresql *config = &postgres->local.postgresql;
	struct pg_probe_config probe = { .interval_ms = config->probe_interval_us / VRRP_US_PER_MS,
		.timeout_ms = config->probe_timeout_us / VRRP_US_PER_MS };
	int code = open_rejoin(postgres, now, err);

	(void)snprintf(probe.conninfo, sizeof(probe.conninfo), "%s", config->conninfo);
	if (postgres_is_quorum(postgres)) {
		probe.members = postgres->members;
	}
	if (code == 0) {
		code = pg_probe_new(&probe, now, &postgres->probe, err);
	}
	if (code == 0) {
		code = pg_task_new(&postgres->task, err);
	}
	if (code == 0) {
		code = pg_task_new(&postgres->background, err);
	}
	if (code == 0) {
		code = pg_task_new(&postgres->slots.task, err);
	}
	if (code == 0) {
		code = pg_sync_new(config->conninfo, &postgres->members, &postgres->sync, err);
	}
	if (code < 0) {
		return code;
	}
	postgres->interval_ms = probe.interval_ms;
	if (watch(postgres, pg_probe_fd(postgres->probe)) < 0 || watch(postgres, pg_task_fd(postgres->task)) < 0 ||
		watch(postgres, pg_task_fd(postgres->background)) < 0 ||
		watch(postgres, pg_sync_fd(postgres->sync)) < 0 ||
		watch(postgres, pg_task_fd(postgres->slots.task)) < 0 ||
		watch(postgres, pg_knock_fd(&postgres->health.knock)) < 0 ||
		watch(postgres, pg_flush_fd(&postgres->health.flush)) < 0 ||
		watch(postgres, pg_disk_fd(&postgres->health.disk)) < 0 ||
		watch(postgres, pg_rejoin_fd(postgres->rejoin)) < 0 ||
		watch(postgres, pg_rejoin_fd(postgres->inspector)) < 0) {
		return vip_err_set(err, -errno, "epoll_ctl: %s", strerror(errno));
	}
	return 0;
}

int postgres_open(const struct config_instance *instance, size_t self, const struct config_local *local,
	const struct postgres_callbacks *callbacks, struct vrrp_time now, struct postgres **ret_postgres,
	struct vip_err *err)
{
	struct postgres *postgres = calloc(1, sizeof(*postgres));
	int code;

	if (postgres == NULL) {
		return vip_err_set(err, -ENOMEM, "postgres: out of memory");
	}
	postgres->callbacks = *callbacks;
	postgres->instance = instance;
	postgres->self = self;
	postgres->local = *local;
	postgres_members(instance, &postgres->members);
	postgres->seen.upstream = VRRP_MEMBER_NONE;
	postgres->checkpoint_at = VRRP_TIME_NEVER;
	postgres->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	code = postgres->epoll_fd < 0 ? vip_err_set(err, -errno, "epoll_create1: %s", strerror(errno))
				      : open_parts(postgres, now, err);
	if (code < 0) {
		postgres_close(postgres);
		return code;
	}
	*ret_postgres = postgres;
	return 0;
}

void postgres_close(struct postgres *postgres)
{
	if (postgres == NULL) {
		return;
	}
	pg_probe_free(postgres->probe);
	pg_task_free(postgres->task);
	pg_task_free(postgres->background);
	pg_sync_free(postgres->sync);
	pg_task_free(postgres->slots.task);
	pg_rejoin_free(postgres->rejoin);
	pg_rejoin_free(postgres->inspector);
	postgres_health_close(postgres);
	if (postgres->epoll_fd >= 0) {
		(void)close(postgres->epoll_fd);
	}
	free(postgres);
}

int postgres_fd(const struct postgres *postgres)
{
	return postgres->epoll_fd;
}

struct vrrp_time postgres_deadline(const struct postgres *postgres)
{
	struct vrrp_time at = pg_probe_deadline(postgres->probe);

	at = vrrp_time_min(at, pg_task_deadline(postgres->task));
	at = vrrp_time_min(at, pg_task_deadline(postgres->background));
	at = vrrp_time_min(at, pg_sync_deadline(postgres->sync));
	at = vrrp_time_min(at, postgres_slots_deadline(postgres));
	at = vrrp_time_min(at, postgres_health_deadline(postgres));
	at = vrrp_time_min(at, postgres->checkpoint_at);
	at = vrrp_time_min(at, pg_rejoin_deadline(postgres->rejoin));
	if (postgres_must_inspect(postgres)) {
		at = vrrp_time_min(at, postgres->inspect_again);
	}
	return vrrp_time_min(at, pg_rejoin_deadline(postgres->inspector));
}

/* How often to look: often while something is expected, at ease while nothing can change unnoticed. */
static void set_pace(struct postgres *postgres, struct vrrp_time now)
{
	int64_t usual_ms = postgres->local.postgresql.probe_interval_us / VRRP_US_PER_MS;
	int64_t want_ms = usual_ms;

	if (vrrp_time_before(now, postgres->fast_until)) {
		want_ms = POSTGRES_FAST_MS;
	} else if (postgres->seen.up && postgres->seen.in_recovery && !postgres->seen.streaming) {
		want_ms = POSTGRES_LOOSE_MS;
	}
	want_ms = want_ms < usual_ms ? want_ms : usual_ms;
	if (want_ms != postgres->interval_ms) {
		postgres->interval_ms = want_ms;
		pg_probe_interval_set(postgres->probe, want_ms, now);
	}
}

/* One event of the probe; false when there is none. */
static bool run_probe(struct postgres *postgres, struct vrrp_time now)
{
	enum pg_probe_event event = pg_probe_run(postgres->probe, now);

	switch (event) {
	case PG_PROBE_STATE:
		postgres_on_state(postgres, now);
		postgres->callbacks.seen(postgres->callbacks.user, &postgres->seen);
		break;
	case PG_PROBE_DOWN:
		if (postgres_on_down(postgres, now)) {
			postgres->callbacks.seen(postgres->callbacks.user, &postgres->seen);
		}
		break;
	case PG_PROBE_ENDED:
		postgres_say(postgres, VRRP_LOG_WARNING, "our session on PostgreSQL was ended: %s; opening another",
			pg_probe_sentence(postgres->probe));
		break;
	case PG_PROBE_DEAD:
		postgres->gone = true;
		postgres->seen.up = false;
		postgres->seen.gone = true;
		postgres->down_reported = true;
		postgres->callbacks.dead(postgres->callbacks.user);
		break;
	case PG_PROBE_PROMOTED:
	case PG_PROBE_PROMOTE_FAILED:
		if (event == PG_PROBE_PROMOTED) {
			postgres_on_state(postgres, now);
		} else {
			postgres_say(postgres, VRRP_LOG_ERR, "not promoted: %s", pg_probe_sentence(postgres->probe));
		}
		if (postgres->op == VRRP_PG_OP_PROMOTE) {
			postgres_order_end(postgres, event == PG_PROBE_PROMOTED, false, &postgres->seen);
		}
		break;
	case PG_PROBE_NONE:
	default:
		return false;
	}
	return true;
}

void postgres_run(struct postgres *postgres, struct vrrp_time now)
{
	enum pg_rejoin_status status;

	for (unsigned i = 0; i < POSTGRES_EVENTS_MAX && run_probe(postgres, now); i++) {
	}
	postgres_order_run(postgres, now);
	postgres_slots_run(postgres, now);
	status = pg_rejoin_run(postgres->inspector, now);
	if (postgres->inspecting && status != PG_REJOIN_RUNNING) {
		postgres_on_inspected(postgres, status == PG_REJOIN_DONE, now);
	}
	/* Told once that nobody listens: whether a postmaster lives is asked until it listens or is seen gone. */
	if (postgres_must_inspect(postgres)) {
		postgres_inspect(postgres, 0, now);
	}
	postgres_health_run(postgres, now);
	set_pace(postgres, now);
}

void postgres_probe(struct postgres *postgres, struct vrrp_time now)
{
	postgres->fast_until = vrrp_time_add(now, POSTGRES_FAST_US);
	set_pace(postgres, now);
	pg_probe_now(postgres->probe, now);
}

void postgres_read_history(struct postgres *postgres, uint32_t timeline, struct vrrp_time now)
{
	postgres->inspect_for_history = true;
	postgres->inspect_again = now;
	postgres_inspect(postgres, timeline, now);
}

const char *postgres_sentence(const struct postgres *postgres)
{
	return postgres->sentence;
}

const char *postgres_progress(const struct postgres *postgres)
{
	return postgres->step == POSTGRES_STEP_NONE ? "" : pg_rejoin_progress(postgres->rejoin);
}

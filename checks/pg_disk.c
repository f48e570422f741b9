#include "checks/pg_disk.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>

/* exec's own limit for one that hangs: none of ours (pg_disk.h). */
#define PG_DISK_HANG_MAX_MS INT64_C(2592000000) /* 30 days */

int pg_disk_init(struct pg_disk *disk, const struct pg_disk_config *config, struct vrrp_time now, struct vip_err *err)
{
	assert(config->timeout_ms > 0);
	*disk = (struct pg_disk){ .config = *config, .watch = { .epoll_fd = -1 } };
	disk->state = config->interval_ms == 0 ? CHECK_OFF : CHECK_IDLE;
	disk->next = config->interval_ms == 0 ? VRRP_TIME_NEVER : now;
	return check_watch_open(&disk->watch, err);
}

static void pg_disk_drop(struct pg_disk *disk)
{
	if (disk->exec != NULL) {
		(void)check_watch_set(&disk->watch, exec_fd(disk->exec), 0, NULL);
		exec_free(disk->exec);
		disk->exec = NULL;
	}
}

void pg_disk_deinit(struct pg_disk *disk)
{
	pg_disk_drop(disk);
	check_watch_close(&disk->watch);
}

int pg_disk_fd(const struct pg_disk *disk)
{
	return disk->watch.epoll_fd;
}

static struct vrrp_time pg_disk_late_at(const struct pg_disk *disk)
{
	return vrrp_time_add(disk->begun, disk->config.timeout_ms * VRRP_US_PER_MS);
}

struct vrrp_time pg_disk_deadline(const struct pg_disk *disk)
{
	if (disk->exec == NULL) {
		return disk->next;
	}
	return disk->stuck ? VRRP_TIME_NEVER : pg_disk_late_at(disk);
}

const char *pg_disk_sentence(const struct pg_disk *disk)
{
	return disk->why.text;
}

static void pg_disk_later(struct pg_disk *disk, int64_t ms, struct vrrp_time now)
{
	int64_t interval_ms = disk->config.interval_ms;

	disk->next = vrrp_time_add(now, (ms < interval_ms ? ms : interval_ms) * VRRP_US_PER_MS);
}

static void pg_disk_begin(struct pg_disk *disk, struct vrrp_time now)
{
	struct pg_datadir_place place = { .data_directory = disk->config.data_directory, .bin_directory = "/" };
	struct pg_datadir_args args;
	struct exec_spec spec = { .file = disk->config.self,
		.argv = args.argv,
		.user = &disk->config.owner,
		.timeout_ms = PG_DISK_HANG_MAX_MS,
		.capture = EXEC_CAPTURE_TAIL };

	pg_datadir_args_init(&args, "write", &place);
	disk->begun = now;
	if (exec_start(&spec, now, &disk->exec, &disk->why) < 0) {
		disk->state = CHECK_IDLE;
		pg_disk_later(disk, disk->config.interval_ms, now);
	} else if (check_watch_set(&disk->watch, exec_fd(disk->exec), EPOLLIN, &disk->why) < 0) {
		pg_disk_drop(disk);
		pg_disk_later(disk, disk->config.interval_ms, now);
	}
}

/* The helper has come back, late or not. */
static void pg_disk_end(struct pg_disk *disk, enum exec_status status, struct vrrp_time now)
{
	int code = exec_result(disk->exec).code;

	disk->stuck = false;
	disk->why.text[0] = '\0';
	pg_disk_later(disk, disk->config.interval_ms, now);
	if (status == EXEC_EXITED && code == 0) {
		disk->refusals = 0;
		disk->state = CHECK_OK;
	} else {
		exec_result_describe(disk->exec, disk->why.text, sizeof(disk->why.text));
		if (status == EXEC_EXITED && code == PG_DATADIR_EXIT_NO_WRITE) {
			disk->refusals++;
			disk->state = disk->refusals >= PG_DISK_REFUSALS ? CHECK_FAILED : disk->state;
			pg_disk_later(disk, PG_DISK_AGAIN_MS, now);
		} else {
			disk->refusals = 0;
			disk->state = CHECK_IDLE;
		}
	}
	pg_disk_drop(disk);
}

void pg_disk_run(struct pg_disk *disk, struct vrrp_time now)
{
	enum exec_status status;

	if (disk->exec == NULL) {
		if (!vrrp_time_before(now, disk->next)) {
			pg_disk_begin(disk, now);
		}
		return;
	}
	status = exec_run(disk->exec, now);
	if (status != EXEC_RUNNING) {
		pg_disk_end(disk, status, now);
	} else if (!disk->stuck && !vrrp_time_before(now, pg_disk_late_at(disk))) {
		disk->stuck = true;
		disk->state = CHECK_FAILED;
		(void)vip_err_set(&disk->why, -ETIMEDOUT,
			"a write to %s has not come back for %" PRId64 " ms (process %d)", disk->config.data_directory,
			disk->config.timeout_ms, (int)exec_pid(disk->exec));
	}
}

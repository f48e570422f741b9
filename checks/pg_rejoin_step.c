#include "checks/pg_rejoin_step.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_query.h"
#include "checks/pg_wal.h"

/* Exit status of the helper: refused, nothing touched (pg_datadir.h). */
#define PG_STEP_EXIT_REFUSED 3

static const struct {
	const char *name;
	const char *verb; /* of the helper; NULL: another program */
} pg_steps[] = {
	[PG_STEP_END] = { "done", NULL },
	[PG_STEP_STOP_COMMAND] = { "running stop_command", NULL },
	[PG_STEP_STOP] = { "stopping PostgreSQL", "stop" },
	[PG_STEP_START] = { "starting PostgreSQL as a standby", "start" },
	[PG_STEP_PREPARE] = { "making the data directory a standby's", "prepare" },
	[PG_STEP_SEAL] = { "sealing the data directory", "seal" },
	[PG_STEP_START_COMMAND] = { "running start_command", NULL },
	[PG_STEP_SOURCE] = { "asking the source for its timeline", NULL },
	[PG_STEP_REWIND] = { "rewinding", "rewind" },
	[PG_STEP_CLONE_CHECK] = { "making room for a clone", "clone-check" },
	[PG_STEP_BASEBACKUP] = { "cloning", NULL },
	[PG_STEP_CLONE_SWAP] = { "putting the clone in place", "clone-swap" },
	[PG_STEP_REPORT] = { "reading the data directory", "report" },
};

const char *pg_step_name(enum pg_step step)
{
	return pg_steps[step].name;
}

bool pg_step_is_skipped(enum pg_step step, const struct pg_rejoin_config *config)
{
	switch (step) {
	case PG_STEP_STOP_COMMAND:
		return config->stop_command[0] == '\0';
	case PG_STEP_START:
		return config->start_command[0] != '\0';
	case PG_STEP_PREPARE:
	case PG_STEP_START_COMMAND:
		return config->start_command[0] == '\0';
	default:
		return false;
	}
}

/* A configured command: split into words, no shell, as the daemon's user. */
static int pg_step_command(
	const char *command, int64_t left_ms, struct vrrp_time now, struct exec **ret_exec, struct vip_err *err)
{
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	struct exec_spec spec = { .timeout_ms = left_ms, .capture = EXEC_CAPTURE_TAIL, .argv = argv };
	int result = exec_command_split(command, storage, argv, err);

	if (result < 0) {
		return result;
	}
	spec.file = argv[0];
	return exec_start(&spec, now, ret_exec, err);
}

static int pg_step_basebackup(const struct pg_rejoin_config *config, const struct pg_step_wish *wish, int64_t left_ms,
	struct vrrp_time now, struct exec **ret_exec, struct vip_err *err)
{
	char file[PG_DATADIR_PATH_BYTES + 16];
	char target[PG_DATADIR_PATH_BYTES + 16];
	char conninfo[PG_CONNINFO_BYTES_MAX + 64];
	const char *argv[20] = { "pg_basebackup", "--pgdata", target, "--dbname", conninfo, "--wal-method=stream",
		"--checkpoint=fast", "--progress", "--no-password", NULL };
	struct exec_spec spec = {
		.file = file, .argv = argv, .user = &config->owner, .timeout_ms = left_ms, .capture = EXEC_CAPTURE_TAIL
	};

	(void)snprintf(file, sizeof(file), "%s/pg_basebackup", config->bin_directory);
	(void)snprintf(target, sizeof(target), "%s.vipd-new", config->data_directory);
	/* Not the member's name: its walsender must not be taken for the synchronous standby (protocol.md section 7).
	 */
	(void)snprintf(conninfo, sizeof(conninfo), "%s application_name='vipd_clone'", wish->conninfo);
	if (wish->slot[0] != '\0') {
		argv[9] = "--slot";
		argv[10] = wish->slot;
	}
	return exec_start(&spec, now, ret_exec, err);
}

static void pg_step_helper_args(enum pg_step step, const struct pg_rejoin_config *config,
	const struct pg_step_wish *wish, int64_t left_ms, struct pg_datadir_args *args)
{
	const struct pg_datadir_place place = { .data_directory = config->data_directory,
		.bin_directory = config->bin_directory,
		.config_file = config->config_file };
	char timeout[24];

	if (step == PG_STEP_REPORT) {
		pg_datadir_args_report(args, &place, wish->timeline);
		return;
	}
	pg_datadir_args_init(args, pg_steps[step].verb, &place);
	(void)snprintf(timeout, sizeof(timeout), "%" PRId64,
		left_ms > 2 * PG_STEP_REPLY_MS ? left_ms - PG_STEP_REPLY_MS : left_ms);
	pg_datadir_args_add(args, "timeout-ms", timeout);
	if (step == PG_STEP_STOP) {
		pg_datadir_args_add(args, "mode", wish->immediate ? "immediate" : "fast");
		pg_datadir_args_add(args, "standby", wish->as_standby ? "1" : "0");
	}
	if (step == PG_STEP_START || step == PG_STEP_PREPARE || step == PG_STEP_CLONE_SWAP) {
		pg_datadir_args_add(args, "conninfo", wish->conninfo);
		pg_datadir_args_add(args, "slot", wish->slot);
	}
	if (step == PG_STEP_START && config->log_file[0] != '\0') {
		pg_datadir_args_add(args, "log", config->log_file);
	}
	if (step == PG_STEP_REWIND) {
		pg_datadir_args_add(args, "source", wish->source);
	}
}

int pg_step_exec(enum pg_step step, const struct pg_rejoin_config *config, const struct pg_step_wish *wish,
	int64_t left_ms, struct vrrp_time now, struct exec **ret_exec, struct vip_err *err)
{
	struct pg_datadir_args args;
	struct exec_spec spec = { .file = config->self,
		.argv = args.argv,
		.user = &config->owner,
		.timeout_ms = left_ms,
		.capture = step == PG_STEP_REPORT ? EXEC_CAPTURE_ALL : EXEC_CAPTURE_TAIL };

	switch (step) {
	case PG_STEP_STOP_COMMAND:
		return pg_step_command(config->stop_command, left_ms, now, ret_exec, err);
	case PG_STEP_START_COMMAND:
		return pg_step_command(config->start_command, left_ms, now, ret_exec, err);
	case PG_STEP_BASEBACKUP:
		return pg_step_basebackup(config, wish, left_ms, now, ret_exec, err);
	default:
		break;
	}
	assert(pg_steps[step].verb != NULL);
	pg_step_helper_args(step, config, wish, left_ms, &args);
	return exec_start(&spec, now, ret_exec, err);
}

int pg_step_error(enum pg_step step, const struct exec_result *result)
{
	switch (result->status) {
	case EXEC_TIMEOUT:
	case EXEC_STUCK:
		return -ETIMEDOUT;
	case EXEC_FAILED:
		return result->code > 0 ? -result->code : -EIO;
	default:
		break;
	}
	if (result->status == EXEC_EXITED && result->code == PG_STEP_EXIT_REFUSED) {
		return step == PG_STEP_START || step == PG_STEP_PREPARE ? -EEXIST : -EPERM;
	}
	return step == PG_STEP_REWIND ? -ENOTRECOVERABLE : -EIO;
}

const char *pg_step_source_sql(void)
{
	return "SELECT r.rec::int, y.system_identifier, c.timeline_id,"
	       " CASE WHEN NOT r.rec THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()) END"
	       " FROM (SELECT pg_catalog.pg_is_in_recovery() AS rec OFFSET 0) AS r"
	       " CROSS JOIN pg_catalog.pg_control_system() AS y CROSS JOIN pg_catalog.pg_control_checkpoint() AS c";
}

int pg_step_source_check(const struct pg_rows *rows, uint32_t timeline, uint64_t system_identifier, struct vip_err *err)
{
	const char *in_recovery = pg_rows_get(rows, 0, 0);
	const char *identifier = pg_rows_get(rows, 0, 1);
	const char *file = pg_rows_get(rows, 0, 3);
	uint64_t checkpoint;
	uint32_t now_on;
	char wanted[24];

	if (in_recovery == NULL || identifier == NULL ||
		pg_u64_parse(pg_rows_get(rows, 0, 2), UINT32_MAX, &checkpoint) < 0) {
		return vip_err_set(err, -EPROTO, "the source's answer cannot be read");
	}
	(void)snprintf(wanted, sizeof(wanted), "%" PRId64, (int64_t)system_identifier);
	if (system_identifier != 0 && strcmp(identifier, wanted) != 0) {
		return vip_err_set(err, -ESTALE, "the source is another cluster: system identifier %.24s instead of %s",
			identifier, wanted);
	}
	now_on = file != NULL ? pg_wal_name_timeline(file) : 0;
	if (strcmp(in_recovery, "0") != 0 || now_on == 0) {
		return vip_err_set(err, -ESTALE, "the source is a standby");
	}
	if (timeline != 0 && now_on != timeline) {
		return vip_err_set(err, -ESTALE, "the source is on timeline %u instead of %u", now_on, timeline);
	}
	if (checkpoint != now_on) {
		return vip_err_set(err, -EAGAIN,
			"the source is on timeline %u but its last checkpoint on %" PRIu64
			": pg_rewind would see nothing to do; it must CHECKPOINT first",
			now_on, checkpoint);
	}
	return 0;
}

int pg_datadir_parse_output(const char *text, struct pg_datadir_report *ret_report, struct vip_err *err)
{
	const char *begin = strstr(text, "present=");

	return pg_datadir_parse(begin != NULL ? begin : text, ret_report, err);
}

#include "checks/pg_datadir_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checks/pg_history.h"
#include "checks/pg_query.h"
#include "checks/pg_wal.h"

#define DATADIR_WAL_BYTES (6 * 8192) /* enough pages around a record at a switch point */

int datadir_control(const struct datadir *datadir, struct pg_control *ret_control, struct vip_err *err)
{
	const char *const args[] = { "-D", datadir->data, NULL };
	char *text;
	int status = datadir_tool(datadir, "pg_controldata", args, &text, err);
	int result;

	if (status < 0) {
		return status;
	}
	result = status == 0 ? pg_control_parse(text, ret_control, err)
			     : vip_err_set(err, -EIO, "pg_controldata: exit status %d", status);
	free(text);
	return result;
}

/* postmaster.opts: /path/postgres "-D" "/data" "-c" "config_file=/etc/…": the word after config_file=, unquoted. */
const char *datadir_config(struct datadir *datadir)
{
	char path[PG_DATADIR_PATH_BYTES];
	char *text;
	const char *at;

	if (datadir->config[0] != '\0') {
		return datadir->config;
	}
	datadir->config_found[0] = '\0';
	if (datadir_path(datadir->data, "postmaster.opts", path, NULL) < 0 ||
		datadir_file_read(path, &text, NULL, NULL) < 0) {
		return datadir->config_found;
	}
	at = strstr(text, "config_file=");
	if (at != NULL) {
		size_t length;

		at += strlen("config_file=");
		length = strcspn(at, "\"\n");
		if (at[0] == '/' && length < sizeof(datadir->config_found)) {
			memcpy(datadir->config_found, at, length);
			datadir->config_found[length] = '\0';
		}
	}
	free(text);
	return datadir->config_found;
}

unsigned datadir_tablespaces(const char *directory)
{
	char path[PG_DATADIR_PATH_BYTES];
	const struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	if (datadir_path(directory, "pg_tblspc", path, NULL) < 0) {
		return 0;
	}
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		count += entry->d_name[0] != '.' ? 1 : 0;
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return count;
}

static int datadir_major(const char *directory)
{
	char path[PG_DATADIR_PATH_BYTES];
	uint64_t major = 0;
	char *text;

	if (datadir_path(directory, "PG_VERSION", path, NULL) < 0 || datadir_file_read(path, &text, NULL, NULL) < 0) {
		return 0;
	}
	text[strcspn(text, "\n")] = '\0';
	if (pg_u64_parse(text, 99, &major) < 0) {
		major = 0;
	}
	free(text);
	return (int)major;
}

/* Bytes of a WAL file from an offset on; 0 if it is not there. */
static size_t datadir_wal_bytes(
	const char *directory, uint32_t timeline, vrrp_lsn lsn, uint32_t segment_bytes, uint8_t *ret_bytes, size_t size)
{
	char name[8 + PG_WAL_NAME_BYTES] = "pg_wal/";
	char path[PG_DATADIR_PATH_BYTES];
	ssize_t count = -1;
	int fd;

	pg_wal_name(timeline, lsn, segment_bytes, name + strlen(name));
	if (datadir_path(directory, name, path, NULL) < 0) {
		return 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		count = pread(fd, ret_bytes, size, (off_t)(lsn % segment_bytes));
		(void)close(fd);
	}
	return count > 0 ? (size_t)count : 0;
}

/* The record at lsn on a timeline, out of pg_wal; it may reach into the next segment. */
static int datadir_record(const char *directory, int major, uint32_t timeline, vrrp_lsn lsn, uint32_t segment_bytes,
	struct pg_wal_record *ret_record)
{
	static uint8_t bytes[DATADIR_WAL_BYTES];
	struct pg_wal_format format;
	vrrp_lsn page;
	vrrp_lsn segment_end = lsn - lsn % segment_bytes + segment_bytes;
	size_t want;
	size_t got;

	got = datadir_wal_bytes(directory, timeline, lsn - lsn % segment_bytes, segment_bytes, bytes, 64);
	if (pg_wal_format_parse(major, bytes, got, &format, NULL) < 0 || format.segment_bytes != segment_bytes) {
		return -ENODATA;
	}
	page = lsn - lsn % format.page_bytes;
	want = segment_end - page < sizeof(bytes) ? (size_t)(segment_end - page) : sizeof(bytes);
	got = datadir_wal_bytes(directory, timeline, page, segment_bytes, bytes, want);
	if (got == want && want < sizeof(bytes)) {
		got += datadir_wal_bytes(
			directory, timeline, segment_end, segment_bytes, bytes + got, sizeof(bytes) - got);
	}
	return pg_wal_record_read(major, &format, bytes, got, page, lsn, ret_record, NULL);
}

static void datadir_report_history(const struct datadir *datadir, int major, uint32_t timeline, uint32_t segment_bytes)
{
	char name[8 + PG_HISTORY_NAME_BYTES] = "pg_wal/";
	char path[PG_DATADIR_PATH_BYTES];
	struct vrrp_history history;
	struct vip_err err;
	char *text = NULL;
	size_t size = 0;

	pg_history_name(timeline, name + strlen(name));
	if (timeline != 1 && (datadir_path(datadir->data, name, path, &err) < 0 ||
				     datadir_file_read(path, &text, &size, &err) < 0)) {
		(void)printf("note=%s\n", err.text);
		return;
	}
	if (pg_history_parse(timeline, text != NULL ? text : "", size, &history, &err) < 0) {
		(void)printf("note=%s\n", err.text);
		free(text);
		return;
	}
	free(text);
	for (unsigned i = 0; i < history.count; i++) {
		const struct vrrp_timeline *entry = &history.entry[i];
		struct pg_wal_record record;
		bool known = entry->switch_point != 0 && datadir_record(datadir->data, major, entry->timeline,
								 entry->switch_point, segment_bytes, &record) == 0;

		(void)printf("history=%u " VRRP_LSN_FMT " %llu\n", entry->timeline, VRRP_LSN_ARG(entry->switch_point),
			known ? (unsigned long long)pg_wal_fingerprint(&record) : 0ULL);
	}
}

static void datadir_report_control(const struct datadir *datadir, int major, const struct pg_control *control)
{
	struct pg_wal_record record;

	(void)printf("control_known=1\nstate=%s\nsystem_identifier=%llu\n", pg_control_state_name(control->state),
		(unsigned long long)control->system_identifier);
	(void)printf("checkpoint_lsn=" VRRP_LSN_FMT "\nredo_lsn=" VRRP_LSN_FMT "\ncheckpoint_timeline=%u\n",
		VRRP_LSN_ARG(control->checkpoint_lsn), VRRP_LSN_ARG(control->redo_lsn), control->checkpoint_timeline);
	(void)printf("min_recovery_lsn=" VRRP_LSN_FMT "\nmin_recovery_timeline=%u\nwal_log_hints=%d\n",
		VRRP_LSN_ARG(control->min_recovery_lsn), control->min_recovery_timeline, control->wal_log_hints);
	(void)printf("checksum_version=%u\nwal_segment_bytes=%u\nwal_block_bytes=%u\n", control->checksum_version,
		control->wal_segment_bytes, control->wal_block_bytes);
	if (control->state == PG_CONTROL_SHUT_DOWN && control->wal_segment_bytes != 0 &&
		datadir_record(datadir->data, major, control->checkpoint_timeline, control->checkpoint_lsn,
			control->wal_segment_bytes, &record) == 0) {
		(void)printf("shutdown_end_lsn=" VRRP_LSN_FMT "\n", VRRP_LSN_ARG(record.end_lsn));
	}
}

/* Who works here. Returns the timeline of the WAL file that the startup process reads, 0 = none. */
static uint32_t datadir_report_processes(const struct datadir *datadir)
{
	static struct datadir_process processes[DATADIR_PROCESSES_MAX];
	int count = datadir_processes(datadir->data, processes, DATADIR_PROCESSES_MAX);
	pid_t postmaster = datadir_postmaster_pid(datadir->data);
	bool alive = datadir_is_postmaster(datadir->data, postmaster);
	unsigned orphans = 0;
	char name[32] = "";

	for (int i = 0; i < count; i++) {
		bool ours = alive && (processes[i].pid == postmaster || processes[i].parent == postmaster);

		orphans += ours ? 0 : 1;
		if (ours && name[0] == '\0') {
			(void)datadir_replay_file(processes[i].pid, name, sizeof(name));
		}
	}
	(void)printf("postmaster_pid=%d\npostmaster_alive=%d\norphans=%u\nreplay_file=%s\n", (int)postmaster, alive,
		orphans, name);
	return pg_wal_name_timeline(name);
}

int datadir_report(struct datadir *datadir)
{
	struct pg_control control = { 0 };
	struct vip_err err = { "" };
	struct stat info;
	int major = datadir_major(datadir->data);
	uint32_t timeline;

	if (stat(datadir->data, &info) != 0 && errno != ENOENT) {
		(void)fprintf(stderr, "%s: %s\n", datadir->data, strerror(errno));
		return DATADIR_EXIT_FAILED;
	}
	(void)printf("present=%d\nmajor=%d\nowner_uid=%u\n", major != 0, major, (unsigned)geteuid());
	if (major == 0) {
		(void)printf("end\n");
		return DATADIR_EXIT_DONE;
	}
	timeline = datadir_report_processes(datadir);
	if (datadir_control(datadir, &control, &err) == 0) {
		datadir_report_control(datadir, major, &control);
	} else {
		(void)printf("note=%s\n", err.text);
	}
	(void)printf("standby_signal=%d\nupstream_empty=%d\nrecovery_signal=%d\nbackup_label=%d\n"
		     "tablespaces_outside=%u\nconfig_file=%s\n",
		datadir_file_exists(datadir->data, "standby.signal"), datadir_upstream_is_empty(datadir->data),
		datadir_file_exists(datadir->data, "recovery.signal"),
		datadir_file_exists(datadir->data, "backup_label"), datadir_tablespaces(datadir->data),
		datadir_config(datadir));
	/* All of these are lower bounds; what the running PostgreSQL said of itself (asked for) is one too. */
	timeline = timeline > control.checkpoint_timeline ? timeline : control.checkpoint_timeline;
	timeline = timeline > control.min_recovery_timeline ? timeline : control.min_recovery_timeline;
	timeline = timeline > datadir->timeline ? timeline : datadir->timeline;
	(void)printf("timeline=%u\n", timeline);
	if (timeline != 0 && control.wal_segment_bytes != 0) {
		datadir_report_history(datadir, major, timeline, control.wal_segment_bytes);
	}
	(void)printf("end\n");
	return DATADIR_EXIT_DONE;
}

#include "checks/pg_datadir_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int datadir_clone_failed(const struct vip_err *err)
{
	(void)fprintf(stderr, "%s\n", err->text);
	return DATADIR_EXIT_FAILED;
}

static int datadir_new_path(const struct datadir *datadir, char ret_path[PG_DATADIR_PATH_BYTES])
{
	int length = snprintf(ret_path, PG_DATADIR_PATH_BYTES, "%s" DATADIR_NEW_SUFFIX, datadir->data);

	if (length >= PG_DATADIR_PATH_BYTES) {
		(void)fprintf(stderr, "%s: path too long\n", datadir->data);
		return DATADIR_EXIT_FAILED;
	}
	return 0;
}

/* The directory that the data directory is an entry of; it need not exist itself. */
static void datadir_parent(const struct datadir *datadir, char ret_path[PG_DATADIR_PATH_BYTES])
{
	char *slash;

	(void)snprintf(ret_path, PG_DATADIR_PATH_BYTES, "%s", datadir->data);
	slash = strrchr(ret_path, '/');
	if (slash == ret_path) {
		slash++;
	}
	if (slash != NULL) {
		*slash = '\0';
	}
}

/* Bind mounts have their parent's device number, so the kernel's list is asked: "id parent dev root MOUNTPOINT …". */
static bool datadir_is_mount_point(const char *directory)
{
	char real[PATH_MAX];
	char line[2 * PATH_MAX];
	char mounted[PATH_MAX];
	bool found = false;
	FILE *file;

	if (realpath(directory, real) == NULL) {
		return false;
	}
	file = fopen("/proc/self/mountinfo", "re");
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
		found = sscanf(line, "%*s %*s %*s %*s %4095s", mounted) == 1 && strcmp(mounted, real) == 0;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return found;
}

static int datadir_clone_refuse(const struct datadir *datadir, const char *parent)
{
	struct stat info;
	bool present = lstat(datadir->data, &info) == 0;

	if (present && S_ISLNK(info.st_mode)) {
		(void)fprintf(stderr, "%s is a link: a clone takes its place by rename; name the directory itself\n",
			datadir->data);
		return DATADIR_EXIT_REFUSED;
	}
	if (present && datadir_is_mount_point(datadir->data)) {
		(void)fprintf(stderr,
			"%s is a mount point, which cannot be swapped for a clone: put the data directory one level "
			"below it, or clone by hand\n",
			datadir->data);
		return DATADIR_EXIT_REFUSED;
	}
	if (access(parent, W_OK | X_OK) != 0) {
		(void)fprintf(stderr,
			"%s is not writable by the owner of the data directory: a clone needs to be built there\n",
			parent);
		return DATADIR_EXIT_REFUSED;
	}
	if (present && datadir_tablespaces(datadir->data) > 0) {
		(void)fprintf(stderr, "%s has tablespaces outside of it: clone it by hand\n", datadir->data);
		return DATADIR_EXIT_REFUSED;
	}
	return 0;
}

int datadir_clone_check(struct datadir *datadir)
{
	char parent[PG_DATADIR_PATH_BYTES];
	char path[PG_DATADIR_PATH_BYTES];
	struct vip_err err;
	int status = datadir_refuse_running(datadir);

	datadir_parent(datadir, parent);
	if (status == 0) {
		status = datadir_clone_refuse(datadir, parent);
	}
	if (status == 0) {
		status = datadir_new_path(datadir, path);
	}
	if (status == 0 && datadir_tree_remove(path, &err) < 0) {
		status = datadir_clone_failed(&err);
	}
	return status;
}

/* What the copy needs before it may take the place: our settings, and that it can only become a standby. */
static int datadir_clone_finish(const struct datadir *datadir, const char *path)
{
	struct datadir_kept *kept = NULL;
	struct vip_err err;
	int result = 0;

	if (!datadir_file_exists(path, "PG_VERSION") || !datadir_file_exists(path, "backup_label")) {
		(void)fprintf(stderr, "%s is not a complete copy\n", path);
		return DATADIR_EXIT_FAILED;
	}
	if (datadir_file_exists(datadir->data, "PG_VERSION")) {
		result = datadir_keep(datadir->data, &kept, &err);
		if (result == 0) {
			result = datadir_put_back(path, kept, &err);
		}
		datadir_kept_free(kept);
	}
	if (result == 0) {
		result = datadir_standby_signal(path, &err);
	}
	if (result == 0) {
		result = datadir_upstream_set(path, datadir->conninfo, datadir->slot, &err);
	}
	return result < 0 ? datadir_clone_failed(&err) : DATADIR_EXIT_DONE;
}

int datadir_clone_swap(struct datadir *datadir)
{
	char parent[PG_DATADIR_PATH_BYTES];
	char path[PG_DATADIR_PATH_BYTES];
	struct stat info;
	struct vip_err err;
	bool present = lstat(datadir->data, &info) == 0;
	int status = datadir_refuse_running(datadir);

	datadir_parent(datadir, parent);
	if (status == 0) {
		status = datadir_new_path(datadir, path);
	}
	if (status == 0) {
		status = datadir_clone_finish(datadir, path);
	}
	if (status != 0) {
		return status;
	}
	/* One act: before it the old directory stands there whole, after it the new one. */
	if (renameat2(AT_FDCWD, path, AT_FDCWD, datadir->data, present ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0) {
		(void)fprintf(stderr, "swap %s and %s: %s\n", path, datadir->data, strerror(errno));
		return DATADIR_EXIT_FAILED;
	}
	if (datadir_sync(parent, &err) < 0) {
		return datadir_clone_failed(&err);
	}
	(void)printf("swapped\n");
	(void)fflush(stdout);
	if (datadir_tree_remove(path, &err) < 0) {
		(void)fprintf(stderr, "%s (the clone itself is in place)\n", err.text);
	}
	return DATADIR_EXIT_DONE;
}

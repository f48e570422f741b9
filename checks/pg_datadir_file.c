#include "checks/pg_datadir_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATADIR_TREE_FDS 32

int datadir_path(const char *directory, const char *name, char ret_path[PG_DATADIR_PATH_BYTES], struct vip_err *err)
{
	int length = snprintf(ret_path, PG_DATADIR_PATH_BYTES, "%s/%s", directory, name);

	if (length < 0 || length >= PG_DATADIR_PATH_BYTES) {
		return vip_err_set(err, -ENAMETOOLONG, "%s/%s: path too long", directory, name);
	}
	return 0;
}

int datadir_file_read(const char *path, char **ret_text, size_t *ret_size, struct vip_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;
	size_t used = 0;
	ssize_t count = 1;
	char *text;

	if (fd < 0 || fstat(fd, &info) != 0) {
		int code = -errno;

		if (fd >= 0) {
			(void)close(fd);
		}
		return vip_err_set(err, code, "read %s: %s", path, strerror(-code));
	}
	if (!S_ISREG(info.st_mode) || info.st_size > DATADIR_FILE_BYTES_MAX) {
		(void)close(fd);
		return vip_err_set(
			err, -EFBIG, "read %s: no file, or larger than %d bytes", path, DATADIR_FILE_BYTES_MAX);
	}
	text = malloc((size_t)info.st_size + 1);
	while (text != NULL && used < (size_t)info.st_size && count > 0) {
		count = read(fd, text + used, (size_t)info.st_size - used);
		used += count > 0 ? (size_t)count : 0;
	}
	(void)close(fd);
	if (text == NULL || count < 0) {
		free(text);
		return vip_err_set(err, -EIO, "read %s: %s", path, strerror(errno));
	}
	text[used] = '\0';
	*ret_text = text;
	if (ret_size != NULL) {
		*ret_size = used;
	}
	return 0;
}

int datadir_sync(const char *directory, struct vip_err *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd >= 0 ? fsync(fd) : -1;
	int code = -errno;

	if (fd >= 0) {
		(void)close(fd);
	}
	return result == 0 ? 0 : vip_err_set(err, code, "fsync %s: %s", directory, strerror(-code));
}

int datadir_file_write(const char *directory, const char *name, const char *text, size_t size, struct vip_err *err)
{
	char path[PG_DATADIR_PATH_BYTES];
	char temporary[PG_DATADIR_PATH_BYTES];
	int result = datadir_path(directory, name, path, err);
	ssize_t count = 0;
	int fd;

	if (result == 0) {
		result = datadir_path(directory, ".vipd.tmp", temporary, err);
	}
	if (result < 0) {
		return result;
	}
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		count = write(fd, text, size);
	}
	if (fd < 0 || count != (ssize_t)size || fsync(fd) != 0 || rename(temporary, path) != 0) {
		result = errno != 0 ? -errno : -ENOSPC;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	if (result < 0) {
		(void)unlink(temporary);
		return vip_err_set(err, result, "write %s: %s", path, strerror(-result));
	}
	return datadir_sync(directory, err);
}

bool datadir_file_exists(const char *directory, const char *name)
{
	char path[PG_DATADIR_PATH_BYTES];

	return datadir_path(directory, name, path, NULL) == 0 && access(path, F_OK) == 0;
}

int datadir_file_remove(const char *directory, const char *name, struct vip_err *err)
{
	char path[PG_DATADIR_PATH_BYTES];
	int result = datadir_path(directory, name, path, err);

	if (result < 0) {
		return result;
	}
	if (unlink(path) != 0) {
		return errno == ENOENT ? 0 : vip_err_set(err, -errno, "remove %s: %s", path, strerror(errno));
	}
	return datadir_sync(directory, err);
}

static int datadir_tree_visit(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

int datadir_tree_remove(const char *path, struct vip_err *err)
{
	size_t length = strlen(path);
	size_t suffix = strlen(DATADIR_NEW_SUFFIX);

	assert(length > suffix + 1 && strcmp(path + length - suffix, DATADIR_NEW_SUFFIX) == 0);
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		return 0;
	}
	if (nftw(path, datadir_tree_visit, DATADIR_TREE_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0) {
		return vip_err_set(err, -errno, "remove %s: %s", path, strerror(errno));
	}
	return 0;
}

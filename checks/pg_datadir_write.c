#include "checks/pg_datadir_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATADIR_WRITE_BYTES 65536 /* some pages: a disk with room for one of them only is full */
#define DATADIR_WRITE_NAME "vipd-write-probe.tmp"

/* A file that goes away by itself; where the file system has none without a name, one that loses its name at once. */
static int datadir_write_open(const char *directory, struct vip_err *err)
{
	char path[PG_DATADIR_PATH_BYTES];
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	int result;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) {
		return fd >= 0 ? fd : -errno;
	}
	result = datadir_path(directory, DATADIR_WRITE_NAME, path, err);
	if (result < 0) {
		return result;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	result = -errno;
	if (fd >= 0) {
		(void)unlink(path);
	}
	return fd >= 0 ? fd : result;
}

/* Says what failed; DATADIR_EXIT_DONE, PG_DATADIR_EXIT_NO_WRITE, or DATADIR_EXIT_REFUSED for what is not there. */
static int datadir_write_one(const char *directory)
{
	static char bytes[DATADIR_WRITE_BYTES];
	struct vip_err err = { "" };
	size_t done = 0;
	int fd = datadir_write_open(directory, &err);
	int error = fd < 0 ? -fd : 0;

	/* Not all zero: a file system that keeps no blocks of zeros must find room too. */
	memset(bytes, 'v', sizeof(bytes));
	while (error == 0 && done < sizeof(bytes)) {
		ssize_t count = write(fd, bytes + done, sizeof(bytes) - done);

		done += count > 0 ? (size_t)count : 0;
		error = count < 0 && errno != EINTR ? errno : 0;
	}
	if (error == 0 && fdatasync(fd) != 0) {
		error = errno;
	}
	if (fd >= 0 && close(fd) != 0 && error == 0) {
		error = errno;
	}
	if (error == 0) {
		return DATADIR_EXIT_DONE;
	}
	(void)fprintf(stderr, "write to %s: %s\n", directory, strerror(error));
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == EMFILE || error == ENFILE ||
			       error == ENOMEM
		       ? DATADIR_EXIT_REFUSED
		       : PG_DATADIR_EXIT_NO_WRITE;
}

int datadir_write(struct datadir *datadir)
{
	char wal[PG_DATADIR_PATH_BYTES];
	struct vip_err err;
	struct stat data_stat;
	struct stat wal_stat;
	int status = datadir_write_one(datadir->data);

	if (status != DATADIR_EXIT_DONE || datadir_path(datadir->data, "pg_wal", wal, &err) < 0 ||
		stat(datadir->data, &data_stat) != 0 || stat(wal, &wal_stat) != 0 ||
		data_stat.st_dev == wal_stat.st_dev) {
		return status;
	}
	return datadir_write_one(wal);
}

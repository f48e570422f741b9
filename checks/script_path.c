#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checks/script.h"

/* One step of the way: nobody but root and `uid` may write there. */
static int part_check(const char *part, uid_t uid, struct vip_err *err)
{
	struct stat st;

	if (stat(part, &st) != 0) {
		return vip_err_set(err, -errno, "%s: %s", part, strerror(errno));
	}
	if ((st.st_uid != 0 && st.st_uid != uid) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		return vip_err_set(err, -EPERM,
			"%s can be changed by others than root, and what it holds is run with the daemon's rights: "
			"chown root and chmod go-w it, or give the script a user",
			part);
	}
	return 0;
}

/* The file and every folder above it. */
static int way_check(const char *file, uid_t uid, struct vip_err *err)
{
	char part[PATH_MAX];
	size_t length = strlen(file);

	if (length >= sizeof(part)) {
		return vip_err_set(err, -ENAMETOOLONG, "%.60s…: the path is too long", file);
	}
	for (size_t i = 1; i <= length; i++) {
		if (file[i] == '/' || file[i] == '\0') {
			int code;

			memcpy(part, file, i);
			part[i] = '\0';
			code = part_check(part, uid, err);
			if (code < 0) {
				return code;
			}
		}
	}
	return part_check("/", uid, err);
}

int check_script_path(const char *file, uid_t uid, struct vip_err *err)
{
	char real[PATH_MAX];
	int code = way_check(file, uid, err); /* a link may lie where others write */

	if (code < 0) {
		return code;
	}
	if (realpath(file, real) == NULL) {
		return vip_err_set(err, -errno, "%s: %s", file, strerror(errno));
	}
	return way_check(real, uid, err);
}

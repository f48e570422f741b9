#include "vipd/os_user.h"

#include <sys/stat.h>

int os_user_find(const struct config_postgresql *config, struct exec_user *ret_user, struct vip_err *err)
{
	struct stat st;

	if (config->os_user[0] != '\0') {
		return exec_user_find_name(config->os_user, ret_user, err);
	}
	if (stat(config->data_directory, &st) == 0) {
		return exec_user_find_uid(st.st_uid, ret_user, err);
	}
	return exec_user_find_name("postgres", ret_user, err); /* not cloned yet */
}

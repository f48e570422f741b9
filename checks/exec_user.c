#include "checks/exec.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define EXEC_USER_LOOKUP_BYTES 16384

static int exec_user_fill(const struct passwd *entry, struct exec_user *ret_user, struct vip_err *err)
{
	struct exec_user user = { .uid = entry->pw_uid, .gid = entry->pw_gid };
	int count = EXEC_GROUPS_MAX;
	int name_bytes = snprintf(user.name, sizeof(user.name), "%s", entry->pw_name);
	int home_bytes = snprintf(user.home, sizeof(user.home), "%s", entry->pw_dir);

	if (name_bytes >= (int)sizeof(user.name) || home_bytes >= (int)sizeof(user.home)) {
		return vip_err_set(err, -ENAMETOOLONG, "user %s: name or home directory too long", entry->pw_name);
	}
	if (getgrouplist(user.name, user.gid, user.groups, &count) < 0) {
		return vip_err_set(err, -E2BIG, "user %s is in more than %d groups", user.name, EXEC_GROUPS_MAX);
	}
	user.groups_count = (unsigned)count;
	*ret_user = user;
	return 0;
}

int exec_user_find_name(const char *name, struct exec_user *ret_user, struct vip_err *err)
{
	char storage[EXEC_USER_LOOKUP_BYTES];
	struct passwd entry;
	struct passwd *found = NULL;
	int error = getpwnam_r(name, &entry, storage, sizeof(storage), &found);

	if (error != 0) {
		return vip_err_set(err, -error, "look up user %s: %s", name, strerror(error));
	}
	if (found == NULL) {
		return vip_err_set(err, -ENOENT, "there is no user %s", name);
	}
	return exec_user_fill(found, ret_user, err);
}

int exec_user_find_uid(uid_t uid, struct exec_user *ret_user, struct vip_err *err)
{
	char storage[EXEC_USER_LOOKUP_BYTES];
	struct passwd entry;
	struct passwd *found = NULL;
	int error = getpwuid_r(uid, &entry, storage, sizeof(storage), &found);

	if (error != 0) {
		return vip_err_set(err, -error, "look up uid %u: %s", (unsigned)uid, strerror(error));
	}
	if (found == NULL) {
		return vip_err_set(err, -ENOENT, "there is no user with uid %u", (unsigned)uid);
	}
	return exec_user_fill(found, ret_user, err);
}

/* Copies one word, without its quotes, to *to; leaves *from behind it. False: a quote is not closed. */
static bool exec_command_word(const char **from, char **to)
{
	const char *in = *from;
	char *out = *to;
	char quote = '\0';

	for (; *in != '\0' && (quote != '\0' || (*in != ' ' && *in != '\t')); in++) {
		if (quote == '\0' && (*in == '\'' || *in == '"')) {
			quote = *in;
		} else if (quote != '\0' && *in == quote) {
			quote = '\0';
		} else if (*in == '\\' && quote != '\'' && in[1] != '\0') {
			*out++ = *++in;
		} else {
			*out++ = *in;
		}
	}
	*out++ = '\0';
	*from = in;
	*to = out;
	return quote == '\0';
}

int exec_command_split(const char *command, char storage[EXEC_COMMAND_BYTES_MAX],
	const char *ret_argv[EXEC_ARGS_MAX + 1], struct vip_err *err)
{
	const char *argv[EXEC_ARGS_MAX + 1];
	const char *in = command;
	char *out = storage;
	unsigned count = 0;

	if (strlen(command) >= EXEC_COMMAND_BYTES_MAX) {
		return vip_err_set(
			err, -E2BIG, "a command has at most %d bytes: %.60s…", EXEC_COMMAND_BYTES_MAX - 1, command);
	}
	for (;;) {
		in += strspn(in, " \t");
		if (*in == '\0') {
			break;
		}
		if (count == EXEC_ARGS_MAX) {
			return vip_err_set(err, -E2BIG, "a command has at most %d words: %s", EXEC_ARGS_MAX, command);
		}
		argv[count++] = out;
		if (!exec_command_word(&in, &out)) {
			return vip_err_set(err, -EINVAL, "a quote is not closed in the command: %s", command);
		}
	}
	if (count == 0 || argv[0][0] != '/') {
		return vip_err_set(err, -EINVAL, "a command begins with an absolute path, not: \"%s\"", command);
	}
	argv[count] = NULL;
	memcpy(ret_argv, argv, (count + 1) * sizeof(argv[0]));
	return 0;
}

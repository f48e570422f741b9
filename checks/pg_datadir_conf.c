#include "checks/pg_datadir_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DATADIR_AUTO_CONF "postgresql.auto.conf"
#define DATADIR_KEPT_MAX 32

int datadir_standby_signal(const char *directory, struct vip_err *err)
{
	int result = datadir_file_exists(directory, "standby.signal")
			     ? datadir_sync(directory, err)
			     : datadir_file_write(directory, "standby.signal", "", 0, err);

	/* With both there PostgreSQL takes standby.signal; without it, this one would end recovery by itself. */
	return result < 0 ? result : datadir_file_remove(directory, "recovery.signal", err);
}

/* Is this line of postgresql.auto.conf a setting of `name`? */
static bool datadir_line_sets(const char *line, size_t length, const char *name)
{
	size_t name_length = strlen(name);
	size_t at = 0;

	while (at < length && (line[at] == ' ' || line[at] == '\t')) {
		at++;
	}
	if (length - at <= name_length || strncasecmp(line + at, name, name_length) != 0) {
		return false;
	}
	return line[at + name_length] == ' ' || line[at + name_length] == '\t' || line[at + name_length] == '=';
}

/* Takes every line that sets `name` out of text, in place. */
static void datadir_lines_drop(char *text, const char *name)
{
	char *out = text;

	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		const char *next = line + length + (line[length] == '\n' ? 1 : 0);

		if (!datadir_line_sets(line, length, name)) {
			memmove(out, line, (size_t)(next - line));
			out += next - line;
		}
		line = next;
	}
	*out = '\0';
}

/* Appends name = 'value' as guc-file.l reads it: quotes and backslashes doubled. The caller made room. */
static int datadir_line_add(char *text, const char *name, const char *value, struct vip_err *err)
{
	char *at = text + strlen(text);

	if (strpbrk(value, "\n\r") != NULL) {
		return vip_err_set(err, -EINVAL, "%s: a line break in its value", name);
	}
	if (at > text && at[-1] != '\n') {
		*at++ = '\n';
	}
	at = stpcpy(stpcpy(at, name), " = '");
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\') {
			*at++ = *value;
		}
		*at++ = *value;
	}
	(void)memcpy(at, "'\n", 3);
	return 0;
}

int datadir_upstream_set(const char *directory, const char *conninfo, const char *slot, struct vip_err *err)
{
	char path[PG_DATADIR_PATH_BYTES];
	char *text = NULL;
	char *grown;
	size_t size = 0;
	int result = datadir_path(directory, DATADIR_AUTO_CONF, path, err);

	if (result < 0 || (conninfo == NULL && slot == NULL)) {
		return result;
	}
	result = datadir_file_read(path, &text, &size, err);
	if (result < 0 && result != -ENOENT) {
		return result;
	}
	grown = realloc(
		text, size + 2 * (strlen(conninfo != NULL ? conninfo : "") + strlen(slot != NULL ? slot : "")) + 256);
	if (grown == NULL) {
		free(text);
		return vip_err_set(err, -ENOMEM, "write %s: out of memory", path);
	}
	grown[size] = '\0';
	result = 0;
	if (conninfo != NULL) {
		datadir_lines_drop(grown, "primary_conninfo");
		result = datadir_line_add(grown, "primary_conninfo", conninfo, err);
	}
	if (slot != NULL && result == 0) {
		datadir_lines_drop(grown, "primary_slot_name");
		result = datadir_line_add(grown, "primary_slot_name", slot, err);
	}
	if (result == 0) {
		result = datadir_file_write(directory, DATADIR_AUTO_CONF, grown, strlen(grown), err);
	}
	free(grown);
	return result;
}

bool datadir_upstream_is_empty(const char *directory)
{
	static const char name[] = "primary_conninfo";
	char path[PG_DATADIR_PATH_BYTES];
	char *text = NULL;
	bool empty = false;

	if (datadir_path(directory, DATADIR_AUTO_CONF, path, NULL) < 0 ||
		datadir_file_read(path, &text, NULL, NULL) < 0) {
		return false;
	}
	for (const char *line = text; *line != '\0';) { /* the last one counts */
		size_t length = strcspn(line, "\n");

		if (datadir_line_sets(line, length, name)) {
			static const char ours[] = "primary_conninfo = ''";

			empty = length == sizeof(ours) - 1 && memcmp(line, ours, length) == 0;
		}
		line += length + (line[length] == '\n' ? 1 : 0);
	}
	free(text);
	return empty;
}

struct datadir_kept {
	unsigned count;
	struct {
		char name[256];
		char *text;
		size_t size;
	} file[DATADIR_KEPT_MAX];
};

/* What belongs to this host, not to the cluster; postmaster.opts is where config_file is found. */
static bool datadir_is_ours(const char *name)
{
	static const char *const suffix[] = { ".conf", ".crt", ".key", ".pem" };
	size_t length = strlen(name);

	if (strcmp(name, "postmaster.opts") == 0) {
		return true;
	}
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(suffix); i++) {
		size_t suffix_length = strlen(suffix[i]);

		if (length > suffix_length && strcmp(name + length - suffix_length, suffix[i]) == 0) {
			return true;
		}
	}
	return false;
}

void datadir_kept_free(struct datadir_kept *kept)
{
	for (unsigned i = 0; kept != NULL && i < kept->count; i++) {
		free(kept->file[i].text);
	}
	free(kept);
}

int datadir_keep(const char *directory, struct datadir_kept **ret_kept, struct vip_err *err)
{
	struct datadir_kept *kept = calloc(1, sizeof(*kept));
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	int result = 0;

	if (kept == NULL || dir == NULL) {
		result = vip_err_set(err, dir == NULL ? -errno : -ENOMEM, "open %s: %s", directory, strerror(errno));
	}
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		char path[PG_DATADIR_PATH_BYTES];

		if (!datadir_is_ours(entry->d_name) || entry->d_type == DT_LNK) {
			continue;
		}
		if (kept->count == DATADIR_KEPT_MAX) {
			result = vip_err_set(
				err, -E2BIG, "%s: more than %d settings files", directory, DATADIR_KEPT_MAX);
			break;
		}
		(void)snprintf(kept->file[kept->count].name, sizeof(kept->file[0].name), "%s", entry->d_name);
		result = datadir_path(directory, entry->d_name, path, err);
		if (result == 0) {
			result = datadir_file_read(
				path, &kept->file[kept->count].text, &kept->file[kept->count].size, err);
		}
		kept->count += result == 0 ? 1 : 0;
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	if (result < 0) {
		datadir_kept_free(kept);
		return result;
	}
	*ret_kept = kept;
	return 0;
}

int datadir_put_back(const char *directory, const struct datadir_kept *kept, struct vip_err *err)
{
	for (unsigned i = 0; i < kept->count; i++) {
		int result =
			datadir_file_write(directory, kept->file[i].name, kept->file[i].text, kept->file[i].size, err);

		if (result < 0) {
			return result;
		}
	}
	return 0;
}

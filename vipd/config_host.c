#include "vipd/config_host.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checks/exec.h"
#include "vipd/config_parse.h"

void config_bin_directory(const struct config_postgresql *postgresql, char *ret_path, size_t size)
{
	char path[CONFIG_PATH_SIZE + 16];
	char version[8] = "15";
	FILE *file;

	if (postgresql->bin_dir[0] != '\0') {
		(void)snprintf(ret_path, size, "%s", postgresql->bin_dir);
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/PG_VERSION", postgresql->data_directory);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fscanf(file, "%7[0-9]", version) != 1) {
			(void)snprintf(version, sizeof(version), "15");
		}
		(void)fclose(file);
	}
	(void)snprintf(ret_path, size, "/usr/lib/postgresql/%s/bin", version);
}

static bool is_addr_of(const struct sockaddr *socket_address, const struct vrrp_addr *addr)
{
	struct vrrp_addr found = { 0 };

	if (socket_address != NULL && socket_address->sa_family == AF_INET) {
		found.family = 4;
		memcpy(found.bytes, &((const struct sockaddr_in *)(const void *)socket_address)->sin_addr, 4);
	} else if (socket_address != NULL && socket_address->sa_family == AF_INET6) {
		found.family = 6;
		memcpy(found.bytes, &((const struct sockaddr_in6 *)(const void *)socket_address)->sin6_addr, 16);
	}
	return found.family != 0 && config_addr_equal(&found, addr);
}

static bool is_local(void *context, const struct vrrp_addr *addr)
{
	for (const struct ifaddrs *at = context; at != NULL; at = at->ifa_next) {
		if (is_addr_of(at->ifa_addr, addr)) {
			return true;
		}
	}
	return false;
}

static void programs_check(const struct config_postgresql *postgresql, unsigned line, struct config_report *report)
{
	static const char *const programs[] = { "postgres", "pg_controldata", "pg_rewind", "pg_basebackup" };
	char directory[CONFIG_PATH_SIZE + 32];
	char path[sizeof(directory) + 32];

	config_bin_directory(postgresql, directory, sizeof(directory));
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(programs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, programs[i]);
		if (access(path, X_OK) == 0) {
			continue;
		}
		if (postgresql->bin_dir[0] != '\0') {
			config_report_error(report, postgresql->bin_dir_line,
				"bin_dir: there is no program %s: write the directory that has PostgreSQL's programs, "
				"as pg_config --bindir prints it",
				path);
		} else {
			config_report_warning(report, line,
				"there is no program %s: write bin_dir = the directory that has PostgreSQL's programs",
				path);
		}
		return;
	}
}

static void user_check(const struct config_postgresql *postgresql, struct config_report *report)
{
	struct exec_user user;
	struct vip_err err = { "" };

	if (postgresql->os_user[0] != '\0' && exec_user_find_name(postgresql->os_user, &user, &err) < 0) {
		config_report_error(report, postgresql->os_user_line,
			"os_user: %s: write the owner of the data directory, or leave it out", err.text);
	}
}

size_t config_host_check(const struct vip_config *config, struct config_report *report)
{
	size_t before = report->errors;
	struct ifaddrs *addrs = NULL;

	(void)getifaddrs(&addrs);
	for (size_t i = 0; i < config->instance_count; i++) {
		const struct config_instance *instance = &config->instance[i];
		int self = config_member_find_local(instance, config->node, is_local, addrs, NULL);
		struct config_local local;

		if (self < 0 || instance->member[self].witness) {
			continue;
		}
		config_local_get(instance, (size_t)self, &local);
		programs_check(&local.postgresql, instance->line, report);
		user_check(&local.postgresql, report);
	}
	freeifaddrs(addrs);
	config_report_sort(report);
	return report->errors - before;
}

#include "vipd/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vipd/config_parse.h"

const struct config_instance *config_instance_find(const struct vip_config *config, const char *name)
{
	for (size_t i = 0; i < config->instance_count; i++) {
		if (strcmp(config->instance[i].name, name) == 0) {
			return &config->instance[i];
		}
	}
	return NULL;
}

int config_member_find(const struct config_instance *instance, const char *name)
{
	for (size_t i = 0; i < instance->member_count; i++) {
		if (strcmp(instance->member[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -ENOENT;
}

int config_member_find_local(const struct config_instance *instance, const char *node,
	bool (*is_local)(void *context, const struct vrrp_addr *addr), void *context, struct vip_err *err)
{
	int found = -ENOENT;

	if (node[0] != '\0') {
		found = config_member_find(instance, node);
		return found >= 0 ? found
				  : vip_err_set(err, found, "instance %s has no member %s: correct node, or --node",
					    instance->name, node);
	}
	for (size_t i = 0; i < instance->member_count; i++) {
		if (!is_local(context, &instance->member[i].address)) {
			continue;
		}
		if (found >= 0) {
			return vip_err_set(err, -ENOTUNIQ,
				"instance %s: the addresses of %s and %s are both on this machine: say which it is "
				"with node = "
				"or --node",
				instance->name, instance->member[found].name, instance->member[i].name);
		}
		found = (int)i;
	}
	if (found < 0) {
		return vip_err_set(err, -ENOENT,
			"instance %s: no member's address is on this machine: correct the member's address, or say "
			"which it is "
			"with node = or --node",
			instance->name);
	}
	return found;
}

size_t config_data_member_count(const struct config_instance *instance)
{
	size_t count = 0;

	for (size_t i = 0; i < instance->member_count; i++) {
		const struct config_member *member = &instance->member[i];

		count += !member->witness && member->replicate_from[0] == '\0';
	}
	return count;
}

size_t config_data_voter_count(const struct config_instance *instance)
{
	size_t count = config_data_member_count(instance);

	for (size_t i = 0; i < instance->member_count; i++) {
		const struct config_member *member = &instance->member[i];

		count -= !member->witness && member->replicate_from[0] == '\0' && member->nofailover &&
			 !member->vote_data;
	}
	return count;
}

/* to = from, if from says something. Both hold at least size bytes. */
static void text_override(char *to, const char *from, size_t size)
{
	if (from[0] != '\0') {
		memcpy(to, from, size);
	}
}

void config_local_get(const struct config_instance *instance, size_t member, struct config_local *ret_local)
{
	const struct config_override *override = &instance->member[member].override;
	struct config_local local = { .track_interface = instance->track_interface,
		.postgresql = instance->postgresql };

	memcpy(local.interface, instance->interface, sizeof(local.interface));
	text_override(local.interface, override->interface, sizeof(local.interface));
	if (override->has_track_interface) {
		local.track_interface = override->track_interface;
	}
	text_override(local.postgresql.data_directory, override->data_directory, CONFIG_PATH_SIZE);
	text_override(local.postgresql.config_file, override->config_file, CONFIG_PATH_SIZE);
	text_override(local.postgresql.conninfo, override->conninfo, CONFIG_CONNINFO_SIZE);
	text_override(local.postgresql.upstream, override->upstream, CONFIG_CONNINFO_SIZE);
	if (override->port != 0) {
		local.postgresql.port = override->port;
	}
	*ret_local = local;
}

/*
 * Any text as the configuration file. It is refused with a sentence, or gives a configuration that the rest of the
 * daemon can build on: every member's own view, the digest, values within the ranges that the manual promises, and
 * commands that split. Files are not looked at (without_key_files).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks/exec.h"
#include "vipd/config.h"
#include "vipd/config_digest.h"
#include "vipd/config_report.h"
#include "vrrp/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_command(const char *command)
{
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];

	assert(command[0] == '\0' || exec_command_split(command, storage, argv, NULL) == 0);
}

static void check_member(const struct config_instance *instance, size_t i)
{
	const struct config_member *member = &instance->member[i];
	struct config_local local;

	config_local_get(instance, i, &local);
	assert(member->id != 0 && vrrp_addr_size(&member->address) != 0);
	assert(member->priority >= 1 && member->priority <= 254);
	assert(config_member_find(instance, member->name) == (int)i); /* names are unique */
	assert(member->witness || (local.interface[0] != '\0' && local.postgresql.data_directory[0] != '\0'));
	for (size_t j = 0; j < i; j++) {
		assert(instance->member[j].id != member->id);
		assert(!vrrp_addr_equal(&instance->member[j].address, &member->address));
	}
}

static void check_instance(const struct config_instance *instance)
{
	uint8_t digest[VRRP_DIGEST_BYTES];
	uint8_t again[VRRP_DIGEST_BYTES];
	struct vip_err err = { "" };

	assert(instance->vrid != 0 && instance->cluster_id[0] != '\0');
	assert(instance->member_count >= 1 && instance->member_count <= VRRP_MEMBERS_MAX);
	assert(instance->advert_int_us >= 10 * VRRP_US_PER_MS && instance->advert_int_us <= 10 * VRRP_US_PER_S);
	assert(instance->lease_us > instance->advert_int_us);
	assert(instance->lease_us / VRRP_US_PER_MS <= UINT32_MAX && instance->max_drift_percent < 100);
	for (size_t i = 0; i < instance->member_count; i++) {
		check_member(instance, i);
	}
	assert(config_digest_compute(instance, digest, &err) == 0);
	assert(config_digest_compute(instance, again, &err) == 0);
	assert(memcmp(digest, again, sizeof(digest)) == 0);
	check_command(instance->fence_command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config_options options = { .without_key_files = true };
	static struct config_report report;
	struct vip_config *config = NULL;
	int code = config_load_text("fuzz.conf", (const char *)data, size, &options, &report, &config);

	for (size_t i = 0; i < report.count; i++) {
		assert(memchr(report.message[i].text, '\0', CONFIG_MESSAGE_SIZE) != NULL);
		assert(report.message[i].text[0] != '\0');
	}
	if (code != 0) {
		assert(code == -EINVAL && report.errors > 0 && config == NULL);
		return 0;
	}
	assert(config != NULL && report.errors == 0);
	assert(config->instance_count >= 1 && config->instance_count <= CONFIG_INSTANCES_MAX);
	for (size_t i = 0; i < config->instance_count; i++) {
		check_instance(&config->instance[i]);
	}
	config_free(config);
	return 0;
}

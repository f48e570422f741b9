#include "checks/exec.h"
#include "vipd/config_keys.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *field_of(const struct config_key *key, void *base)
{
	return (char *)base + key->offset;
}

static int number_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint)
{
	int64_t number;
	int code = config_number_parse(text, key->min, key->max, &number, hint);

	if (code < 0) {
		return code;
	}
	if (key->size == sizeof(uint8_t)) {
		*(uint8_t *)field_of(key, base) = (uint8_t)number;
	} else {
		assert(key->size == sizeof(uint16_t));
		*(uint16_t *)field_of(key, base) = (uint16_t)number;
	}
	return 0;
}

static int duration_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint)
{
	int64_t us;
	int code = config_duration_parse(text, &us, hint);

	if (code == 0 && (us < key->min || us > key->max)) {
		char min[32];
		char max[32];

		config_duration_format(key->min, min, sizeof(min));
		config_duration_format(key->max, max, sizeof(max));
		return config_hint_set(hint, -ERANGE, "write a duration from \"%s\" to \"%s\"", min, max);
	}
	if (code == 0) {
		assert(key->size == sizeof(us));
		*(int64_t *)field_of(key, base) = us;
	}
	return code;
}

static int size_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint)
{
	uint64_t bytes;
	int code = config_size_parse(text, &bytes, hint);

	if (code == 0 && bytes > (uint64_t)key->max) {
		char max[32];

		config_size_format((uint64_t)key->max, max, sizeof(max));
		return config_hint_set(hint, -ERANGE, "write a size of at most \"%s\"", max);
	}
	if (code == 0) {
		assert(key->size == sizeof(bytes));
		*(uint64_t *)field_of(key, base) = bytes;
	}
	return code;
}

static int word_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint)
{
	char list[128] = "";
	size_t used = 0;

	for (const struct config_word *word = key->words; word->name != NULL; word++) {
		if (strcmp(word->name, text) == 0) {
			if (word->later) {
				return config_hint_set(hint, -ENOSYS, "\"%s\" is not yet implemented", text);
			}
			assert(key->size == sizeof(unsigned));
			memcpy(field_of(key, base), &word->value, sizeof(unsigned));
			return 0;
		}
		if (!word->later && used < sizeof(list)) {
			used += (size_t)snprintf(
				list + used, sizeof(list) - used, "%s%s", used > 0 ? " or " : "", word->name);
		}
	}
	return config_hint_set(hint, -EINVAL, "write %s", list);
}

static int text_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint)
{
	size_t len = strlen(text);

	if (len == 0) {
		return config_hint_set(hint, -EINVAL, "the value is empty; leave the key out or write a value");
	}
	if (len >= key->size) {
		return config_hint_set(hint, -EINVAL, "the value is longer than %zu bytes", key->size - 1);
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			return config_hint_set(hint, -EINVAL, "the value holds a control character");
		}
	}
	memcpy(field_of(key, base), text, len + 1);
	return 0;
}

static int command_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint)
{
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	int code = exec_command_split(text, storage, argv, NULL); /* by the rule that it is run by */

	if (strlen(text) >= CONFIG_COMMAND_SIZE) {
		return config_hint_set(hint, -EINVAL, "the command is longer than %d bytes", CONFIG_COMMAND_SIZE - 1);
	}
	if (code == -E2BIG) {
		return config_hint_set(hint, -EINVAL, "the command has more than %d words", EXEC_ARGS_MAX);
	}
	if (code < 0) {
		return config_hint_set(hint, -EINVAL,
			"write a program's whole path and its arguments, as in \"/usr/local/bin/check -v\" (no shell "
			"reads "
			"it; quotes must be closed)");
	}
	return text_apply(key, text, base, hint);
}

/* Says whether a conninfo option's value names one server without a name service. */
static bool host_is_local_or_numeric(const char *host)
{
	struct vrrp_addr addr;
	struct config_hint hint;

	if (host[0] == '/') {
		return strchr(host, ',') == NULL;
	}
	return config_host_parse(host, &addr, &hint) == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0;
}

static int conninfo_option_check(
	const PQconninfoOption *option, bool names_a_server, bool *has_server, struct config_hint *hint)
{
	bool is_host = strcmp(option->keyword, "host") == 0 || strcmp(option->keyword, "hostaddr") == 0;

	if (strcmp(option->keyword, "service") == 0) {
		return config_hint_set(hint, -EINVAL, "service= is not read: write its values here");
	}
	if (strcmp(option->keyword, "application_name") == 0) {
		return config_hint_set(hint, -EINVAL, "leave application_name out: it is set to the member's name");
	}
	if (!names_a_server && (is_host || strcmp(option->keyword, "port") == 0)) {
		return config_hint_set(
			hint, -EINVAL, "leave %s out: the holder's host and port are added", option->keyword);
	}
	if (is_host) {
		*has_server = true;
		if (!host_is_local_or_numeric(option->val)) {
			return config_hint_set(hint, -EINVAL,
				"%s= must be one socket directory or one numeric address (host names are not looked "
				"up)",
				option->keyword);
		}
	}
	return 0;
}

int config_conninfo_check(const char *text, bool names_a_server, struct config_hint *hint)
{
	char *message = NULL;
	bool has_server = false;
	int code = 0;
	PQconninfoOption *options = PQconninfoParse(text, &message);

	if (options == NULL) {
		if (message != NULL) {
			message[strcspn(message, "\n")] = '\0';
		}
		code = config_hint_set(
			hint, -EINVAL, "libpq cannot read it: %s", message != NULL ? message : "out of memory");
		PQfreemem(message);
		return code;
	}
	for (const PQconninfoOption *option = options; option->keyword != NULL && code == 0; option++) {
		if (option->val != NULL && option->val[0] != '\0') {
			code = conninfo_option_check(option, names_a_server, &has_server, hint);
		}
	}
	PQconninfoFree(options);
	if (code == 0 && names_a_server && !has_server) {
		return config_hint_set(
			hint, -EINVAL, "say where, as in \"host=/var/run/postgresql user=vipd dbname=postgres\"");
	}
	return code;
}

static int addresses_apply(const char *text, struct config_instance *instance, struct config_hint *hint)
{
	struct config_address address;
	int code = config_address_parse(text, &address, hint);

	if (code < 0) {
		return code;
	}
	for (size_t i = 0; i < instance->address_count; i++) {
		if (config_addr_equal(&instance->address[i].addr, &address.addr)) {
			return config_hint_set(hint, -EINVAL, "the address is in the list twice; write it once");
		}
	}
	if (instance->address_count == VRRP_ADDRESSES_MAX) {
		return config_hint_set(hint, -E2BIG, "at most %d addresses", VRRP_ADDRESSES_MAX);
	}
	instance->address[instance->address_count++] = address;
	return 0;
}

static int interfaces_apply(const char *text, struct config_interfaces *list, struct config_hint *hint)
{
	char name[CONFIG_INTERFACE_SIZE];
	int16_t weight = 0;
	int code = config_tracked_interface_parse(text, name, &weight, hint);

	if (code < 0) {
		return code;
	}
	if (list->count == CONFIG_TRACK_INTERFACES_MAX) {
		return config_hint_set(hint, -E2BIG, "at most %d interfaces", CONFIG_TRACK_INTERFACES_MAX);
	}
	list->weight[list->count] = weight;
	memcpy(list->name[list->count++], name, sizeof(name));
	return 0;
}

static int later_apply(const struct config_key *key, const char *text, struct config_hint *hint)
{
	bool value;
	bool fallback;

	if (key->fallback != NULL && strcmp(text, key->fallback) == 0) {
		return 0;
	}
	if (key->fallback != NULL && config_bool_parse(key->fallback, &fallback, NULL) == 0 &&
		config_bool_parse(text, &value, NULL) == 0 && value == fallback) {
		return 0;
	}
	return config_hint_set(hint, -ENOSYS, "%s is not yet implemented; leave it out", key->name);
}

int config_key_apply(const struct config_key *key, const char *text, void *base, struct config_hint *hint)
{
	int code;

	switch (key->type) {
	case CONFIG_TYPE_NUMBER:
		return number_apply(key, text, base, hint);
	case CONFIG_TYPE_WEIGHT:
		return config_weight_parse(text, field_of(key, base), hint);
	case CONFIG_TYPE_DURATION:
		return duration_apply(key, text, base, hint);
	case CONFIG_TYPE_SIZE:
		return size_apply(key, text, base, hint);
	case CONFIG_TYPE_BOOL:
		return config_bool_parse(text, field_of(key, base), hint);
	case CONFIG_TYPE_WORD:
		return word_apply(key, text, base, hint);
	case CONFIG_TYPE_NAME:
		return config_name_parse(text, field_of(key, base), hint);
	case CONFIG_TYPE_INTERFACE:
		return config_interface_parse(text, field_of(key, base), hint);
	case CONFIG_TYPE_TEXT:
		return text_apply(key, text, base, hint);
	case CONFIG_TYPE_COMMAND:
		return command_apply(key, text, base, hint);
	case CONFIG_TYPE_HOST:
		return config_host_parse(text, field_of(key, base), hint);
	case CONFIG_TYPE_ADDRESSES:
		return addresses_apply(text, base, hint);
	case CONFIG_TYPE_INTERFACES:
		return interfaces_apply(text, field_of(key, base), hint);
	case CONFIG_TYPE_SCHEDULING: {
		struct vip_config *config = base;

		return config_scheduling_parse(text, &config->scheduling, &config->scheduling_priority, hint);
	}
	case CONFIG_TYPE_LATER:
		return later_apply(key, text, hint);
	case CONFIG_TYPE_PATH:
		if ((key->flags & CONFIG_KEY_OFF) != 0 && strcmp(text, "off") == 0) {
			*(char *)field_of(key, base) = '\0';
			return 0;
		}
		return config_path_parse(text, field_of(key, base), key->size, hint);
	case CONFIG_TYPE_CONNINFO:
	case CONFIG_TYPE_UPSTREAM:
		code = config_conninfo_check(text, key->type == CONFIG_TYPE_CONNINFO, hint);
		return code < 0 ? code : text_apply(key, text, base, hint);
	}
	assert(!"a key of an unknown type");
	return -EINVAL;
}

void config_key_apply_default(const struct config_key *key, void *base)
{
	struct config_hint hint;

	if (key->fallback != NULL) {
		int code = config_key_apply(key, key->fallback, base, &hint);

		assert(code == 0);
		(void)code;
	}
}

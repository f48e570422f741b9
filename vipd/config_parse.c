#include "vipd/config_parse.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first: formatting takes the first that divides. */
static const struct unit duration_units[] = {
	{ "d", INT64_C(86400) * VRRP_US_PER_S },
	{ "h", 3600 * VRRP_US_PER_S },
	{ "min", 60 * VRRP_US_PER_S },
	{ "s", VRRP_US_PER_S },
	{ "ms", VRRP_US_PER_MS },
	{ "us", 1 },
};

static const struct unit size_units[] = {
	{ "TB", INT64_C(1) << 40 },
	{ "GB", INT64_C(1) << 30 },
	{ "MB", INT64_C(1) << 20 },
	{ "kB", INT64_C(1) << 10 },
	{ "B", 1 },
};

int config_hint_set(struct config_hint *hint, int code, const char *format, ...)
{
	assert(code < 0);
	if (hint != NULL) {
		va_list args;

		va_start(args, format);
		vsnprintf(hint->text, sizeof(hint->text), format, args);
		va_end(args);
	}
	return code;
}

/* Leading decimal digits into *ret_number; returns how many, 0 if there is none, -ERANGE if they do not fit. */
static int digits_parse(const char *text, int64_t *ret_number)
{
	int64_t number = 0;
	int count = 0;

	while (text[count] >= '0' && text[count] <= '9') {
		if (count >= 19 || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, text[count] - '0', &number)) {
			return -ERANGE;
		}
		count++;
	}
	*ret_number = number;
	return count;
}

static const struct unit *unit_find(const struct unit *units, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(units[i].name, name) == 0) {
			return &units[i];
		}
	}
	return NULL;
}

static int quantity_parse(const char *text, const struct unit *units, size_t unit_count, const char *example,
	int64_t *ret_value, struct config_hint *hint)
{
	const struct unit *unit;
	int64_t number;
	int64_t value;
	int digits = digits_parse(text, &number);

	if (digits == -ERANGE) {
		return config_hint_set(hint, -ERANGE, "the number is too large");
	}
	if (digits == 0) {
		return config_hint_set(
			hint, -EINVAL, "write a whole number and a unit in quotes, as in \"%s\"", example);
	}
	if (text[digits] == '\0') {
		return config_hint_set(hint, -EINVAL, "the unit is missing: write it in quotes, as in \"%s\"", example);
	}
	if (text[digits] == '.' || text[digits] == ',') {
		return config_hint_set(hint, -EINVAL, "write a whole number in a smaller unit, as in \"%s\"", example);
	}
	unit = unit_find(units, unit_count, text + digits);
	if (unit == NULL) {
		return config_hint_set(hint, -EINVAL,
			"the unit must be one of %s, right after the number, as in \"%s\"",
			units == size_units ? "B kB MB GB TB" : "us ms s min h d", example);
	}
	if (__builtin_mul_overflow(number, unit->factor, &value)) {
		return config_hint_set(hint, -ERANGE, "the value is too large");
	}
	*ret_value = value;
	return 0;
}

int config_duration_parse(const char *text, int64_t *ret_us, struct config_hint *hint)
{
	return quantity_parse(text, duration_units, VRRP_ARRAY_LENGTH(duration_units), "250ms", ret_us, hint);
}

int config_size_parse(const char *text, uint64_t *ret_bytes, struct config_hint *hint)
{
	int64_t value;
	int code = quantity_parse(text, size_units, VRRP_ARRAY_LENGTH(size_units), "16MB", &value, hint);

	if (code == 0) {
		*ret_bytes = (uint64_t)value;
	}
	return code;
}

static void quantity_format(int64_t value, const struct unit *units, size_t count, char *ret_text, size_t size)
{
	size_t i = count - 1;

	if (value != 0) {
		for (i = 0; value % units[i].factor != 0; i++) {
		}
	}
	snprintf(ret_text, size, "%lld%s", (long long)(value / units[i].factor), units[i].name);
}

void config_duration_format(int64_t us, char *ret_text, size_t size)
{
	if (us == 0) { /* "0s" reads better than "0us" */
		snprintf(ret_text, size, "0s");
		return;
	}
	quantity_format(us, duration_units, VRRP_ARRAY_LENGTH(duration_units), ret_text, size);
}

void config_size_format(uint64_t bytes, char *ret_text, size_t size)
{
	quantity_format((int64_t)bytes, size_units, VRRP_ARRAY_LENGTH(size_units), ret_text, size);
}

int config_number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_number, struct config_hint *hint)
{
	int64_t number;
	int digits = digits_parse(text, &number);

	if (digits == 0 || (digits > 0 && text[digits] != '\0')) {
		return config_hint_set(hint, -EINVAL, "write a whole number from %lld to %lld, digits only",
			(long long)min, (long long)max);
	}
	if (digits < 0 || number < min || number > max) {
		return config_hint_set(
			hint, -ERANGE, "write a number from %lld to %lld", (long long)min, (long long)max);
	}
	*ret_number = number;
	return 0;
}

int config_bool_parse(const char *text, bool *ret_value, struct config_hint *hint)
{
	static const char *const words[] = { "false", "true", "off", "on", "no", "yes" };

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret_value = i % 2 == 1;
			return 0;
		}
	}
	return config_hint_set(hint, -EINVAL, "write true or false");
}

int config_name_parse(const char *text, char ret_name[CONFIG_NAME_SIZE], struct config_hint *hint)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (len == 0 || len > VRRP_NAME_MAX || text[len] != '\0') {
		return config_hint_set(hint, -EINVAL,
			"a name has 1 to %d characters out of a-z, 0-9, _ and - (it becomes an application_name and a "
			"slot's name)",
			VRRP_NAME_MAX);
	}
	memcpy(ret_name, text, len + 1);
	return 0;
}

int config_interface_parse(const char *text, char ret_name[CONFIG_INTERFACE_SIZE], struct config_hint *hint)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == '/' || text[i] == ':' || text[i] == 0x7f) {
			len = 0;
		}
	}
	if (len == 0 || len >= CONFIG_INTERFACE_SIZE || strcmp(text, ".") == 0 || strcmp(text, "..") == 0) {
		return config_hint_set(hint, -EINVAL,
			"write an interface's name as `ip link` shows it, at most %d characters",
			CONFIG_INTERFACE_SIZE - 1);
	}
	if (strcmp(text, "lo") == 0) {
		return config_hint_set(hint, -EINVAL, "the loopback interface reaches nobody; write the one that does");
	}
	memcpy(ret_name, text, len + 1);
	return 0;
}

int config_path_parse(const char *text, char *ret_path, size_t size, struct config_hint *hint)
{
	size_t len = strlen(text);

	if (text[0] != '/') {
		return config_hint_set(hint, -EINVAL, "write the whole path, beginning with /");
	}
	if (len >= size) {
		return config_hint_set(hint, -EINVAL, "the path is longer than %zu bytes", size - 1);
	}
	memcpy(ret_path, text, len + 1);
	return 0;
}

int config_scheduling_parse(
	const char *text, enum config_scheduling *ret_policy, uint8_t *ret_priority, struct config_hint *hint)
{
	static const char *const message = "write \"rr:1\" to \"rr:99\", \"fifo:1\" to \"fifo:99\", or \"other\"";
	const char *colon = strchr(text, ':');
	enum config_scheduling policy;
	int64_t priority;

	if (strcmp(text, "other") == 0) {
		*ret_policy = CONFIG_SCHEDULING_OTHER;
		*ret_priority = 0;
		return 0;
	}
	if (colon == NULL || config_number_parse(colon + 1, 1, 99, &priority, NULL) < 0) {
		return config_hint_set(hint, -EINVAL, "%s", message);
	}
	if (strncmp(text, "rr:", 3) == 0) {
		policy = CONFIG_SCHEDULING_RR;
	} else if (strncmp(text, "fifo:", 5) == 0) {
		policy = CONFIG_SCHEDULING_FIFO;
	} else {
		return config_hint_set(hint, -EINVAL, "%s", message);
	}
	*ret_policy = policy;
	*ret_priority = (uint8_t)priority;
	return 0;
}

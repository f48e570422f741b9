/*
 * Words of the configuration into plain values: durations, sizes, numbers, booleans, names, addresses.
 *
 * Pure and strict: a value is taken in full or refused with a hint that says what to write instead (a sentence's end,
 * such as `write "250ms"`). Units are PostgreSQL's: us ms s min h d, and B kB MB GB TB. Every function returns 0 or
 * -EINVAL (-ERANGE where the value does not fit the type); hint may be NULL; ret_… only on success.
 */
#ifndef VIPD_CONFIG_PARSE_H
#define VIPD_CONFIG_PARSE_H

#include "vipd/config.h"

#define CONFIG_HINT_SIZE 256

struct config_hint {
	char text[CONFIG_HINT_SIZE];
};

/* "250ms" -> microseconds, >= 0. */
int config_duration_parse(const char *text, int64_t *ret_us, struct config_hint *hint);

/* "16MB" -> bytes; at most INT64_MAX. */
int config_size_parse(const char *text, uint64_t *ret_bytes, struct config_hint *hint);

/* Decimal digits only. */
int config_number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_number, struct config_hint *hint);

/* -253..253, as keepalived's weights. */
int config_weight_parse(const char *text, int16_t *ret_weight, struct config_hint *hint);

/* "eth1" or "eth1 weight -20" */
int config_tracked_interface_parse(
	const char *text, char ret_name[CONFIG_INTERFACE_SIZE], int16_t *ret_weight, struct config_hint *hint);

/* true on yes, false off no. */
int config_bool_parse(const char *text, bool *ret_value, struct config_hint *hint);

/* [a-z0-9_-]{1,32} */
int config_name_parse(const char *text, char ret_name[CONFIG_NAME_SIZE], struct config_hint *hint);

/* 1-15 characters, no blank, '/', ':' or control character. */
int config_interface_parse(const char *text, char ret_name[CONFIG_INTERFACE_SIZE], struct config_hint *hint);

/* A numeric IPv4 or IPv6 address of one host: no prefix, no scope, not "any", loopback, link-local or multicast. */
int config_host_parse(const char *text, struct vrrp_addr *ret_addr, struct config_hint *hint);

/* "10.0.0.10/24 dev eth1 label eth1:pg"; without a prefix /32 or /128. */
int config_address_parse(const char *text, struct config_address *ret_address, struct config_hint *hint);

/* An absolute path of at most size - 1 bytes. */
int config_path_parse(const char *text, char *ret_path, size_t size, struct config_hint *hint);

/* "rr:1" | "fifo:1" | "other" */
int config_scheduling_parse(
	const char *text, enum config_scheduling *ret_policy, uint8_t *ret_priority, struct config_hint *hint);

/* The value in the largest unit that gives a whole number, quoted as the file wants it: "250ms", "16MB". */
void config_duration_format(int64_t us, char *ret_text, size_t size);
void config_size_format(uint64_t bytes, char *ret_text, size_t size);

/* "10.0.0.1", "2001:db8::1", "none" */
#define CONFIG_HOST_TEXT_SIZE 46
void config_host_format(const struct vrrp_addr *addr, char ret_text[CONFIG_HOST_TEXT_SIZE]);

bool config_addr_equal(const struct vrrp_addr *a, const struct vrrp_addr *b);

/* Writes a hint and returns code. */
int config_hint_set(struct config_hint *hint, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

/*
 * In which keys a member's configuration differs from ours, by what its reports tell (report.h: a hash of each key of
 * the digest, and its member list): the words for status and log. Pure.
 */
#ifndef VIPD_CONFIG_DIFFER_H
#define VIPD_CONFIG_DIFFER_H

#include "vipd/config.h"
#include "vrrp/core_types.h"

#define CONFIG_DIFFER_TEXT_SIZE 512

/*
 * Calls word() for each difference: a key's name as in the configuration file, or "member X (only here)" and the like.
 * Members that are not in our list are told by id. Returns their number; 0 with another digest: the report is of an
 * older release, or the difference is in a key that only a later one has.
 */
size_t config_differ(const struct config_instance *instance, const struct vrrp_core_config *own,
	const struct vrrp_report *report, void (*word)(void *context, const char *text), void *context);

/* The same as one text, joined by ", "; cut off where it is full. */
size_t config_differ_text(const struct config_instance *instance, const struct vrrp_core_config *own,
	const struct vrrp_report *report, char ret_text[CONFIG_DIFFER_TEXT_SIZE]);

#endif

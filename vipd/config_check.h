/*
 * What several keys of a configuration say together: contradictions, doubles, what is missing, computed defaults.
 *
 * Runs after every single value was parsed (config.c); only values that were taken are judged, so that one fault gives
 * one message. Writes the computed defaults (lease, member ids, sync_standbys) into the configuration. Key files are
 * read here, unless the caller of config_load said not to.
 */
#ifndef VIPD_CONFIG_CHECK_H
#define VIPD_CONFIG_CHECK_H

#include "vipd/config_scan.h"

/* A reading on its way: where in the file (numbers of config_scan's sections) each part of the configuration stands. */
struct config_reading {
	const struct config_scan *scan;
	struct config_report *report;
	struct vip_config *config;
	bool without_key_files;
	unsigned instance_section[CONFIG_INSTANCES_MAX];
	unsigned authentication_section[CONFIG_INSTANCES_MAX]; /* 0 = none, as for the next two */
	unsigned postgresql_section[CONFIG_INSTANCES_MAX];
	unsigned member_section[CONFIG_INSTANCES_MAX][VRRP_MEMBERS_MAX];
	unsigned script_section[CONFIG_INSTANCES_MAX][CONFIG_TRACK_SCRIPTS_MAX];
};

/* Reports all it finds; fills in the computed defaults. */
void config_check(struct config_reading *reading);

/* The members of instance number i (config_check_members.c), part of config_check. */
void config_check_members(struct config_reading *reading, size_t i);

#endif

#include "vipd/config_not_yet.h"

static size_t instance_not_yet(const struct config_instance *instance, struct config_report *report)
{
	size_t before = report->errors;

	if (instance->postgresql.primary_crash_grace_us != 0) {
		config_report_error(report, instance->line,
			"primary_crash_grace of \"%s\": not yet: leave it out, a dead primary is left at once",
			instance->name);
	}
	if (instance->postgresql.rejoin != CONFIG_REJOIN_AUTO) {
		config_report_error(report, instance->line,
			"rejoin = manual of \"%s\": not yet: write manage = promote, then nothing is rewound or cloned",
			instance->name);
	}
	if (instance->postgresql.salvage_dir[0] != '\0') {
		config_report_error(report, instance->line,
			"salvage_dir of \"%s\": not yet: leave it out, what a rewind or clone replaces would not be "
			"kept "
			"(manage = promote leaves it to you)",
			instance->name);
	}
	if (instance->pre_promote[0] != '\0') {
		config_report_error(report, instance->line,
			"pre_promote of \"%s\": not yet: leave it out, nothing would wait for it", instance->name);
	}
	for (size_t i = 0; i < instance->member_count; i++) {
		if (instance->member[i].replicate_from[0] != '\0') {
			config_report_error(report, instance->member[i].line,
				"replicate_from of member %s: not yet: leave it out, every standby follows the holder",
				instance->member[i].name);
		}
	}
	return report->errors - before;
}

size_t config_not_yet(const struct vip_config *config, struct config_report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < config->instance_count; i++) {
		count += instance_not_yet(&config->instance[i], report);
	}
	return count;
}

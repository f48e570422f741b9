#include "vipd/config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vipd/config_check.h"
#include "vipd/config_scan.h"

#define OPTIONS_MAX 64 /* keys and sections of one section, and the end mark */

/* libconfuse knows no context in its error function: the report of the reading that runs. One thread reads. */
static struct config_report *confuse_report;

static void __attribute__((format(printf, 2, 0))) confuse_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	config_report_error(confuse_report, (unsigned)cfg->line, "%s", text);
}

static cfg_opt_t *options_add(cfg_opt_t *option, cfg_opt_t value)
{
	*option = value;
	return option + 1;
}

/* libconfuse's options of one section, from the table: every value is text, nothing has a default. */
static void options_fill(enum config_section section, cfg_opt_t sub[CONFIG_SECTION_COUNT][OPTIONS_MAX])
{
	cfg_opt_t *option = sub[section];
	size_t count;
	const struct config_key *keys = config_keys(&count);

	for (size_t i = 0; i < count; i++) {
		if (keys[i].section == section && config_key_is_list(&keys[i])) {
			option = options_add(option, (cfg_opt_t)CFG_STR_LIST(keys[i].name, NULL, CFGF_NODEFAULT));
		} else if (keys[i].section == section) {
			option = options_add(option, (cfg_opt_t)CFG_STR(keys[i].name, NULL, CFGF_NODEFAULT));
		}
	}
	for (int kind = CONFIG_SECTION_INSTANCE; kind < CONFIG_SECTION_COUNT; kind++) {
		enum config_section child = (enum config_section)kind;
		cfg_flag_t flags = CFGF_MULTI | (config_section_has_title(child) ? CFGF_TITLE : CFGF_NONE);

		if (config_section_parent(child) == section) {
			option = options_add(option, (cfg_opt_t)CFG_SEC(config_section_name(child), sub[child], flags));
		}
	}
	options_add(option, (cfg_opt_t)CFG_END());
}

/* Parses the scanned text; NULL if libconfuse refuses it (reported) or memory is out. */
static cfg_t *confuse_parse(const struct config_scan *scan, struct config_report *report)
{
	cfg_opt_t sub[CONFIG_SECTION_COUNT][OPTIONS_MAX];
	cfg_t *cfg;

	for (int section = CONFIG_SECTION_COUNT - 1; section >= 0; section--) {
		options_fill((enum config_section)section, sub);
	}
	cfg = cfg_init(sub[CONFIG_SECTION_GLOBAL], CFGF_NONE); /* copies the options */
	if (cfg == NULL) {
		config_report_error(report, 0, "out of memory");
		return NULL;
	}
	confuse_report = report;
	cfg_set_error_function(cfg, confuse_error);
	if (cfg_parse_buf(cfg, scan->text) != CFG_SUCCESS) {
		if (report->errors == 0) {
			config_report_error(report, 0, "libconfuse cannot read it");
		}
		cfg_free(cfg);
		cfg = NULL;
	}
	confuse_report = NULL;
	return cfg;
}

/* Says what is wrong with one value. What may hold a password is not repeated. */
static void value_report(struct config_reading *reading, const struct config_key *key, unsigned line, const char *value,
	const struct config_hint *hint)
{
	if (key->type == CONFIG_TYPE_CONNINFO || key->type == CONFIG_TYPE_UPSTREAM || key->type == CONFIG_TYPE_TEXT) {
		config_report_error(reading->report, line, "%s: %s", key->name, hint->text);
	} else {
		config_report_error(reading->report, line, "%s = \"%.80s\": %s", key->name, value, hint->text);
	}
}

/* The keys of one section, out of libconfuse's tree, into base. cfg NULL: defaults and what is required only. */
static void section_apply(
	struct config_reading *reading, cfg_t *cfg, unsigned number, enum config_section section, void *base)
{
	size_t key_count;
	const struct config_key *keys = config_keys(&key_count);

	for (size_t i = 0; i < key_count; i++) {
		const struct config_key *key = &keys[i];
		unsigned seen = config_scan_count(reading->scan, number, key);
		unsigned count = key->section == section ? cfg_size(cfg, key->name) : 0;

		if (key->section != section) {
			continue;
		}
		if (count != seen) { /* the two readings of the file must agree on what it says */
			config_report_error(reading->report, config_scan_line(reading->scan, number, key->name, 0),
				"%s: cannot tell how many values there are: write them more plainly", key->name);
			continue;
		}
		config_key_apply_default(key, base);
		if (count == 0 && (key->flags & CONFIG_KEY_REQUIRED) != 0) {
			config_report_error(reading->report, reading->scan->section[number].line,
				"%s is missing in this section (%s): write %s = ...", key->name,
				config_section_name(section), key->name);
		}
		for (unsigned j = 0; j < count; j++) {
			const char *value = cfg_getnstr(cfg, key->name, j);
			unsigned line = config_scan_line(reading->scan, number, key->name, j);
			struct config_hint hint;

			if (config_key_apply(key, value, base, &hint) < 0) {
				value_report(reading, key, line, value, &hint);
			} else if (j == 0 && (key->flags & CONFIG_KEY_NO_EFFECT) != 0) {
				config_report_warning(reading->report, line,
					"%s is checked, but has no effect in this version", key->name);
			}
		}
	}
}

static void title_copy(char *ret_name, const char *title)
{
	snprintf(ret_name, CONFIG_NAME_SIZE, "%s", title);
}

static void members_read(struct config_reading *reading, cfg_t *cfg, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];
	unsigned parent = reading->instance_section[i];
	unsigned count = cfg_size(cfg, "member");

	for (unsigned j = 0; j < count; j++) {
		unsigned number = config_scan_section_find(reading->scan, parent, CONFIG_SECTION_MEMBER, j);
		cfg_t *section = cfg_getnsec(cfg, "member", j);
		struct config_member *member = &instance->member[j];

		if (j == VRRP_MEMBERS_MAX) {
			config_report_error(reading->report, reading->scan->section[number].line,
				"more than %d members: an instance has at most %d", VRRP_MEMBERS_MAX, VRRP_MEMBERS_MAX);
			return;
		}
		title_copy(member->name, cfg_title(section));
		member->line = reading->scan->section[number].line;
		reading->member_section[i][j] = number;
		section_apply(reading, section, number, CONFIG_SECTION_MEMBER, member);
		member->override.has_track_interface = cfg_size(section, "track_interface") > 0;
		instance->member_count++;
	}
}

static void scripts_read(struct config_reading *reading, cfg_t *cfg, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];
	unsigned parent = reading->instance_section[i];
	unsigned count = cfg_size(cfg, "track_script");

	for (unsigned j = 0; j < count; j++) {
		unsigned number = config_scan_section_find(reading->scan, parent, CONFIG_SECTION_SCRIPT, j);
		unsigned line = reading->scan->section[number].line;
		cfg_t *section = cfg_getnsec(cfg, "track_script", j);

		if (j == CONFIG_TRACK_SCRIPTS_MAX) {
			config_report_error(reading->report, line,
				"more than %d track_script sections: keep at most %d", CONFIG_TRACK_SCRIPTS_MAX,
				CONFIG_TRACK_SCRIPTS_MAX);
			return;
		}
		title_copy(instance->track_script[j].name, cfg_title(section));
		reading->script_section[i][j] = number;
		instance->track_script[j].line = line;
		section_apply(reading, section, number, CONFIG_SECTION_SCRIPT, &instance->track_script[j]);
		instance->track_script_count++;
	}
}

static void instance_read(struct config_reading *reading, cfg_t *cfg, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];
	unsigned number = config_scan_section_find(reading->scan, 0, CONFIG_SECTION_INSTANCE, (unsigned)i);

	reading->instance_section[i] = number;
	title_copy(instance->name, cfg_title(cfg));
	instance->line = reading->scan->section[number].line;
	section_apply(reading, cfg, number, CONFIG_SECTION_INSTANCE, instance);
	if (cfg_size(cfg, "authentication") > 0) {
		reading->authentication_section[i] =
			config_scan_section_find(reading->scan, number, CONFIG_SECTION_AUTHENTICATION, 0);
		section_apply(reading, cfg_getnsec(cfg, "authentication", 0), reading->authentication_section[i],
			CONFIG_SECTION_AUTHENTICATION, instance);
	}
	if (cfg_size(cfg, "postgresql") > 0) {
		instance->has_postgresql = true;
		reading->postgresql_section[i] =
			config_scan_section_find(reading->scan, number, CONFIG_SECTION_POSTGRESQL, 0);
		section_apply(reading, cfg_getnsec(cfg, "postgresql", 0), reading->postgresql_section[i],
			CONFIG_SECTION_POSTGRESQL, &instance->postgresql);
	}
	members_read(reading, cfg, i);
	scripts_read(reading, cfg, i);
}

static void tree_read(struct config_reading *reading, cfg_t *cfg)
{
	unsigned count = cfg_size(cfg, "vrrp_instance");

	section_apply(reading, cfg, 0, CONFIG_SECTION_GLOBAL, reading->config);
	if (count == 0) {
		config_report_error(reading->report, 0, "there is no instance: write vrrp_instance \"name\" { ... }");
	}
	for (unsigned i = 0; i < count; i++) {
		if (i == CONFIG_INSTANCES_MAX) {
			config_report_error(
				reading->report, 0, "more than %d instances: keep at most %d", (int)i, (int)i);
			return;
		}
		instance_read(reading, cfg_getnsec(cfg, "vrrp_instance", i), i);
		reading->config->instance_count++;
	}
}

/* What the command line says wins, and is checked like the file. */
static void options_apply(struct vip_config *config, const struct config_options *options, struct config_report *report)
{
	const struct {
		const char *option;
		const char *key;
		const char *value;
	} given[] = {
		{ "--node", "node", options->node },
		{ "--control", "control", options->control },
		{ "--state-dir", "state_dir", options->state_dir },
		{ "--log", "log_target", options->log_target },
		{ "--log-level", "log_level", options->log_level },
	};

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(given); i++) {
		const struct config_key *key = config_key_find(CONFIG_SECTION_GLOBAL, given[i].key);
		struct config_hint hint;

		if (given[i].value != NULL && config_key_apply(key, given[i].value, config, &hint) < 0) {
			config_report_error(
				report, 0, "command line: %s %.80s: %s", given[i].option, given[i].value, hint.text);
		}
	}
}

static int text_read(const char *text, size_t len, const struct config_options *options, struct config_report *report,
	struct vip_config *config)
{
	struct config_reading *reading = calloc(1, sizeof(*reading));
	struct config_scan *scan = NULL;
	cfg_t *cfg = NULL;
	int code = reading != NULL ? config_scan_new(text, len, report, &scan) : -ENOMEM;

	if (code == 0) {
		cfg = confuse_parse(scan, report);
	}
	if (cfg != NULL) {
		*reading = (struct config_reading){ .scan = scan, .report = report, .config = config };
		reading->without_key_files = options->without_key_files;
		tree_read(reading, cfg);
		options_apply(config, options, report);
		config_check(reading);
		cfg_free(cfg);
	}
	config_scan_free(scan);
	free(reading);
	return code;
}

int config_load_text(const char *path, const char *text, size_t text_len, const struct config_options *options,
	struct config_report *report, struct vip_config **ret_config)
{
	static const struct config_options no_options;
	struct vip_config *config = calloc(1, sizeof(*config));
	int code;

	config_report_init(report, path);
	if (config == NULL) {
		config_report_error(report, 0, "out of memory");
		return -ENOMEM;
	}
	code = text_read(text, text_len, options != NULL ? options : &no_options, report, config);
	if (code == -ENOMEM) {
		config_report_error(report, 0, "out of memory");
	}
	config_report_sort(report);
	if (report->errors > 0) {
		config_free(config);
		return code == -ENOMEM ? code : -EINVAL;
	}
	*ret_config = config;
	return 0;
}

/* Reads at most CONFIG_FILE_BYTES_MAX + 1 bytes of a regular file; the scan refuses one byte too many. */
static int file_read(const char *path, struct config_report *report, char *text, size_t size, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat stat_buf;
	size_t len = 0;
	ssize_t got = -1;

	if (fd >= 0 && fstat(fd, &stat_buf) == 0 && !S_ISREG(stat_buf.st_mode)) {
		config_report_error(report, 0, "this is no regular file: name the configuration with -f FILE");
		close(fd);
		return -EINVAL;
	}
	if (fd >= 0) {
		do {
			got = read(fd, text + len, size - len);
			len += got > 0 ? (size_t)got : 0;
		} while ((got > 0 && len < size) || (got < 0 && errno == EINTR));
	}
	if (got < 0) {
		config_report_error(
			report, 0, "cannot read it: %s: name the configuration with -f FILE, as root", strerror(errno));
		if (fd >= 0) {
			close(fd);
		}
		return -EINVAL;
	}
	close(fd);
	*ret_len = len;
	return 0;
}

int config_load(const char *path, const struct config_options *options, struct config_report *report,
	struct vip_config **ret_config)
{
	size_t size = CONFIG_FILE_BYTES_MAX + 1;
	char *text = malloc(size);
	size_t len;
	int code;

	config_report_init(report, path);
	if (text == NULL) {
		config_report_error(report, 0, "out of memory");
		return -ENOMEM;
	}
	code = file_read(path, report, text, size, &len);
	if (code == 0) {
		code = config_load_text(path, text, len, options, report, ret_config);
	}
	free(text);
	return code;
}

void config_free(struct vip_config *config)
{
	free(config);
}

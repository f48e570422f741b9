#include "checks/pg_datadir_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checks/pg_query.h"

static const struct {
	const char *name;
	int (*run)(struct datadir *datadir);
} datadir_verbs[] = {
	{ "report", datadir_report },
	{ "stop", datadir_stop },
	{ "prepare", datadir_prepare },
	{ "seal", datadir_seal },
	{ "start", datadir_start },
	{ "rewind", datadir_rewind },
	{ "clone-check", datadir_clone_check },
	{ "clone-swap", datadir_clone_swap },
	{ "write", datadir_write },
};

static bool datadir_option_number(const char *value, uint64_t max, uint64_t *ret_number)
{
	return pg_u64_parse(value, max, ret_number) == 0;
}

static bool datadir_option(struct datadir *datadir, const char *name, size_t length, const char *value)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{ "data", &datadir->data },
		{ "bin", &datadir->bin },
		{ "config", &datadir->config },
		{ "mode", &datadir->mode },
		{ "conninfo", &datadir->conninfo },
		{ "slot", &datadir->slot },
		{ "source", &datadir->source },
		{ "log", &datadir->log },
	};
	uint64_t number = 0;

	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(texts); i++) {
		if (strlen(texts[i].name) == length && strncmp(texts[i].name, name, length) == 0) {
			*texts[i].text = value;
			return true;
		}
	}
	if (strncmp(name, "timeline", length) == 0 && datadir_option_number(value, UINT32_MAX, &number)) {
		datadir->timeline = (uint32_t)number;
		return true;
	}
	if (strncmp(name, "timeout-ms", length) == 0 && datadir_option_number(value, INT_MAX, &number)) {
		datadir->timeout_ms = (int64_t)number;
		return true;
	}
	if (strncmp(name, "standby", length) == 0 && datadir_option_number(value, 1, &number)) {
		datadir->as_standby = number == 1;
		return true;
	}
	return false;
}

static bool datadir_options(int argc, char **argv, struct datadir *datadir)
{
	for (int i = 2; i < argc; i++) {
		const char *name = argv[i] + 2;
		const char *equals = strchr(argv[i], '=');

		if (strncmp(argv[i], "--", 2) != 0 || equals == NULL || equals == name ||
			!datadir_option(datadir, name, (size_t)(equals - name), equals + 1)) {
			(void)fprintf(stderr, "%s: unknown option %s\n", argv[0], argv[i]);
			return false;
		}
	}
	if (datadir->data[0] != '/' || datadir->bin[0] != '/') {
		(void)fprintf(stderr, "%s: --data and --bin are absolute paths\n", argv[0]);
		return false;
	}
	return true;
}

int pg_datadir_main(int argc, char **argv)
{
	struct datadir datadir = { .data = "",
		.bin = "",
		.config = "",
		.mode = "fast",
		.source = "",
		.log = "",
		.timeout_ms = PG_DATADIR_TIMEOUT_MS };

	static char buffer[65536];

	(void)umask(077);
	/* One write at the end: whatever the tools we run say on stderr stands before it, not in the middle of a line.
	 */
	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (argc < 2 || !datadir_options(argc, argv, &datadir)) {
		return DATADIR_EXIT_USAGE;
	}
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(datadir_verbs); i++) {
		if (strcmp(argv[1], datadir_verbs[i].name) == 0) {
			int status = datadir_verbs[i].run(&datadir);

			return fflush(stdout) == 0 ? status : DATADIR_EXIT_FAILED;
		}
	}
	(void)fprintf(stderr, "%s: unknown verb %s\n", argv[0], argv[1]);
	return DATADIR_EXIT_USAGE;
}

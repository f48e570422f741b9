/*
 * vipd: reads the command line and the configuration, opens the instances and runs the loop. See vipd(8).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "checks/exec.h"
#include "checks/pg_datadir.h"
#include "vipd/config_host.h"
#include "vipd/config_not_yet.h"
#include "vipd/daemon.h"
#include "vipd/log.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_USAGE = 1 };

#define EXIT_LATER_S 1

static const char help[] =
	"usage: vipd [-f FILE] [--check] [--node NAME] [--control SOCKET] [--state-dir DIR]\n"
	"            [--log stderr|journal] [--log-level err|warning|notice|info|debug] [--version] [--help]\n"
	"Runs in the foreground. See vipd(8) and vipd.conf(5).\n";

struct arguments {
	const char *file;
	bool check;
	struct config_options options;
};

static int parse(int argc, char **argv, struct arguments *ret_arguments)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'c' }, { "node", required_argument, NULL, 'n' },
		{ "control", required_argument, NULL, 's' }, { "state-dir", required_argument, NULL, 'd' },
		{ "log", required_argument, NULL, 'l' }, { "log-level", required_argument, NULL, 'L' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct arguments arguments = { .file = CONFIG_DEFAULT_FILE };
	int option;

	while ((option = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			arguments.file = optarg;
			break;
		case 'c':
			arguments.check = true;
			break;
		case 'n':
			arguments.options.node = optarg;
			break;
		case 's':
			arguments.options.control = optarg;
			break;
		case 'd':
			arguments.options.state_dir = optarg;
			break;
		case 'l':
			arguments.options.log_target = optarg;
			break;
		case 'L':
			arguments.options.log_level = optarg;
			break;
		case 'v':
			(void)printf("vipd %s\n", VIPD_VERSION);
			return 1;
		case 'h':
			(void)fputs(help, stdout);
			return 1;
		default:
			(void)fputs(help, stderr);
			return -EINVAL;
		}
	}
	if (optind != argc) {
		(void)fprintf(stderr, "vipd: unexpected argument \"%s\"\n%s", argv[optind], help);
		return -EINVAL;
	}
	*ret_arguments = arguments;
	return 0;
}

static void print_report(const struct config_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		(void)fprintf(stderr, "%s\n", report->message[i].text);
	}
	if (report->dropped > 0) {
		(void)fprintf(stderr, "and %zu more\n", report->dropped);
	}
}

/*
 * How a daemon that could not start, or go on, ends: what somebody must correct first, or what may be otherwise soon
 * (at boot an interface, an address, a folder that is not mounted). Then it takes its time, so that a supervisor that
 * starts it again at once is no busy loop.
 */
static int exit_of_failure(int code)
{
	switch (code) {
	case -EBUSY:
		return DAEMON_EXIT_BUSY;
	case -EINVAL: /* does not fit what the state file says */
	case -ENOTUNIQ:
	case -EPERM:
	case -EACCES:
		return EXIT_BAD;
	default:
		(void)sleep(EXIT_LATER_S);
		return DAEMON_EXIT_LATER;
	}
}

/* Loads and judges the configuration file; what is wrong stands in report. */
static int load(const struct arguments *arguments, struct config_report *report, struct vip_config **ret_config)
{
	struct vip_config *config = NULL;
	int code;

	config_report_init(report, arguments->file);
	code = config_load(arguments->file, &arguments->options, report, &config);
	if (code == 0 && config_not_yet(config, report) > 0) {
		code = -EINVAL;
	}
	if (code < 0) {
		config_free(config);
		return code;
	}
	*ret_config = config;
	return 0;
}

int main(int argc, char **argv)
{
	static struct config_report report; /* 40 KiB, needed once */
	struct arguments arguments;
	static struct restart_self self;
	struct vip_config *config = NULL;
	struct vip_err err = { "" };
	int code;

	if (argc > 0 && strcmp(argv[0], PG_DATADIR_ARGV0) == 0) {
		return pg_datadir_main(argc, argv);
	}
	exec_init();
	code = parse(argc, argv, &arguments);
	if (code != 0) {
		return code > 0 ? EXIT_GOOD : EXIT_USAGE;
	}
	code = load(&arguments, &report, &config);
	/* What is not on this host keeps no daemon from starting: at boot its folder may not be mounted yet. */
	if (code == 0 && config_host_check(config, &report) > 0 && arguments.check) {
		code = -EINVAL;
	}
	print_report(&report);
	if (code < 0) {
		return EXIT_BAD;
	}
	if (arguments.check) {
		(void)printf("%s: good\n", arguments.file);
		config_free(config);
		return EXIT_GOOD;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	code = restart_self_init(&self, argc, argv, &err);
	if (code == 0) {
		code = daemon_run(config, &self, &err);
	}
	if (code < 0) {
		log_close();
		(void)fprintf(stderr, "vipd: %s\n", err.text);
	}
	config_free(config);
	return code >= 0 ? code : exit_of_failure(code);
}

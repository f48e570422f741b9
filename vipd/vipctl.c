/*
 * vipctl(8): asks the local daemon over its control socket and shows the answer.
 *
 * Exit codes: 0 done (check: yes), 1 refused, failed, not reachable (check: no or unknown), 2 usage. Verbs that this
 * version does not have are usage errors.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vipd/text_escape.h"
#include "vipd/vipctl_client.h"
#include "vipd/vipctl_gate.h"
#include "vipd/vipctl_order.h"
#include "vipd/vipctl_say.h"
#include "vipd/vipctl_table.h"

#define WATCH_S 1
#define DEFAULT_CONTROL "/run/vipd/vipd.sock"

struct arguments {
	const char *control;
	const char *instance;
	const char *verb;
	const char *operand; /* of check */
	bool json;
	bool watch;
	const char *to; /* of switchover and failover */
	bool dry_run;
	bool accept_data_loss;
};

static const char usage_text[] =
	"usage: vipctl [--control SOCKET] [--instance NAME] [--json] VERB\n"
	"\n"
	"  status [-w]             the holder, the lease, the members; -w: again every second\n"
	"  check primary|replica   exit 0 if this host is, 1 if not or unknown\n"
	"  pause | resume          nobody is promoted until resume; for all members\n"
	"  restart                 this host's daemon, without failover\n"
	"  switchover [--to M] [--dry-run]\n"
	"                          hands the address and the primary over to member M, or to the best; on the holder\n"
	"  failover --to M [--accept-data-loss] [--dry-run]\n"
	"                          without a holder: chooses who is elected; on M\n"
	"  accept-members          puts the configured member list in force on this host of a stopped cluster\n"
	"  gate remove             takes away the gates that dead daemons have left on this host\n"
	"  version                 of vipctl and of the running daemon\n"
	"\n"
	"  --control SOCKET        the daemon's socket (" DEFAULT_CONTROL ")\n"
	"  --instance NAME         one of several instances\n"
	"  --json                  print the daemon's answer as it is\n"
	"\n"
	"Exit codes: 0 done, 1 refused, failed or the daemon cannot be reached, 2 usage. See vipctl(8).\n";

static int usage_error(const char *what, const char *word)
{
	char escaped[128];

	text_escape(word, escaped, sizeof(escaped));
	fprintf(stderr, "vipctl: %s%s\n%s", what, escaped, usage_text);
	return VIPCTL_EXIT_USAGE;
}

/* Asks. 0 and *ret_result (json_decref), or an exit code; said already. */
static int ask(struct vipctl_client *client, const struct arguments *arguments, const char *verb, json_t **ret_result)
{
	json_t *request = json_pack("{s:s}", "verb", verb);
	json_t *answer = NULL;
	json_t *result;
	struct vip_err err;
	int code = request == NULL ? vip_err_set(&err, -ENOMEM, "out of memory") : 0;

	if (code == 0 && arguments->instance != NULL) {
		json_object_set_new(request, "instance", json_string(arguments->instance));
	}
	if (code == 0) {
		code = vipctl_client_ask(client, request, VIPCTL_ANSWER_MS, &answer, &err);
	}
	json_decref(request);
	if (code < 0) {
		return vipctl_say_failure(err.text, NULL);
	}
	result = json_object_get(answer, "result");
	if (!json_is_true(json_object_get(answer, "ok")) || result == NULL) {
		code = vipctl_say_refusal(answer);
		json_decref(answer);
		return code;
	}
	*ret_result = json_incref(result);
	json_decref(answer);
	return VIPCTL_EXIT_DONE;
}

static int status_ask(struct vipctl_client *client, const struct arguments *arguments, json_t **ret_status)
{
	return ask(client, arguments, "status", ret_status);
}

/* True if the instance is one that was asked for. */
static bool instance_wanted(const struct arguments *arguments, const json_t *instance)
{
	const char *name = json_string_value(json_object_get(instance, "name"));

	return arguments->instance == NULL || (name != NULL && strcmp(name, arguments->instance) == 0);
}

/* Says which instances there are. */
static void instances_name(const json_t *instances, const char *what)
{
	fprintf(stderr, "vipctl: %s:", what);
	for (size_t i = 0; i < json_array_size(instances); i++) {
		const char *name = json_string_value(json_object_get(json_array_get(instances, i), "name"));
		char escaped[128];

		text_escape(name != NULL ? name : "-", escaped, sizeof(escaped));
		fprintf(stderr, " %s", escaped);
	}
	fprintf(stderr, "\n");
}

static int status_print(const struct arguments *arguments, const json_t *status)
{
	const json_t *instances = json_object_get(status, "instances");
	size_t shown = 0;

	for (size_t i = 0; i < json_array_size(instances); i++) {
		const json_t *instance = json_array_get(instances, i);

		if (!instance_wanted(arguments, instance)) {
			continue;
		}
		if (!arguments->json) {
			printf("%s", shown > 0 ? "\n" : "");
			vipctl_table_print(stdout, instance);
		}
		shown++;
	}
	if (shown == 0 && arguments->instance != NULL) {
		instances_name(instances, "there is no such instance; there are");
		return VIPCTL_EXIT_REFUSED;
	}
	if (arguments->json) {
		json_dumpf(status, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
	}
	return VIPCTL_EXIT_DONE;
}

/* Once, or every second until interrupted; a daemon that is away is asked again. */
static int status_run(const struct arguments *arguments)
{
	for (;;) {
		struct vipctl_client client;
		struct timespec pause = { .tv_sec = WATCH_S };
		struct vip_err err;
		json_t *status = NULL;
		int code;

		if (arguments->watch && isatty(STDOUT_FILENO)) {
			printf("\033[H\033[2J");
		}
		if (vipctl_client_open(arguments->control, &client, &err) < 0) {
			code = vipctl_say_failure(err.text, NULL);
		} else {
			code = status_ask(&client, arguments, &status);
			vipctl_client_close(&client);
		}
		if (status != NULL) {
			code = status_print(arguments, status);
			json_decref(status);
		}
		if (fflush(stdout) != 0) {
			return VIPCTL_EXIT_REFUSED;
		}
		if (!arguments->watch) {
			return code;
		}
		nanosleep(&pause, NULL);
	}
}

static int check_run(const struct arguments *arguments)
{
	struct vipctl_client client;
	struct vip_err err;
	json_t *status = NULL;
	const json_t *instances;
	const json_t *instance = NULL;
	bool yes;
	int code;

	if (vipctl_client_open(arguments->control, &client, &err) < 0) {
		return vipctl_say_failure(err.text, NULL);
	}
	code = status_ask(&client, arguments, &status);
	vipctl_client_close(&client);
	if (status == NULL) {
		return code;
	}
	instances = json_object_get(status, "instances");
	for (size_t i = 0; i < json_array_size(instances) && instance == NULL; i++) {
		instance =
			instance_wanted(arguments, json_array_get(instances, i)) ? json_array_get(instances, i) : NULL;
	}
	if (arguments->instance == NULL && json_array_size(instances) > 1) {
		instances_name(instances, "say which with --instance");
		json_decref(status);
		return VIPCTL_EXIT_USAGE;
	}
	yes = strcmp(arguments->operand, "primary") == 0 ? vipctl_is_primary(status, instance)
							 : vipctl_is_replica(status, instance);
	json_decref(status);
	if (arguments->json) {
		printf("{\"%s\": %s}\n", arguments->operand, yes ? "true" : "false");
	}
	return yes ? VIPCTL_EXIT_DONE : VIPCTL_EXIT_REFUSED;
}

/* pause, resume, restart: done by the daemon, told in its words. */
static bool is_order(const char *verb)
{
	return strcmp(verb, "pause") == 0 || strcmp(verb, "resume") == 0 || strcmp(verb, "restart") == 0;
}

static void order_print(const json_t *result)
{
	size_t count = json_array_size(result);
	char escaped[128];

	if (!json_is_array(result)) {
		printf("restarting; vipctl status answers when it is back\n");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_array_get(result, i);
		const char *name = json_string_value(json_object_get(one, "instance"));

		text_escape(name != NULL ? name : "-", escaped, sizeof(escaped));
		printf("%s: %s\n", escaped,
			json_is_true(json_object_get(one, "paused")) ? "paused: nobody is promoted" : "not paused");
	}
}

static int order_run(const struct arguments *arguments)
{
	struct vipctl_client client;
	json_t *result = NULL;
	struct vip_err err;
	int code;

	if (vipctl_client_open(arguments->control, &client, &err) < 0) {
		return vipctl_say_failure(err.text, NULL);
	}
	code = ask(&client, arguments, arguments->verb, &result);
	vipctl_client_close(&client);
	if (result == NULL) {
		return code;
	}
	if (arguments->json) {
		json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
	} else {
		order_print(result);
	}
	json_decref(result);
	return code;
}

static void version_print(const struct arguments *arguments, const json_t *daemon)
{
	json_t *versions = json_pack("{s:s, s:O?}", "vipctl", VIPD_VERSION, "vipd", daemon);
	const char *version = json_string_value(daemon);
	char escaped[64];

	if (arguments->json && versions != NULL) {
		json_dumpf(versions, stdout, JSON_ENSURE_ASCII);
		printf("\n");
	} else {
		text_escape(version != NULL ? version : "-", escaped, sizeof(escaped));
		printf("vipctl %s\nvipd %s\n", VIPD_VERSION, escaped);
	}
	json_decref(versions);
}

/* vipctl's own is printed in any case; a daemon that cannot be asked is "-" and exit code 1. */
static int version_run(const struct arguments *arguments)
{
	struct vipctl_client client;
	struct vip_err err;
	json_t *status = NULL;

	if (vipctl_client_open(arguments->control, &client, &err) < 0) {
		vipctl_say_failure(err.text, NULL);
	} else {
		status_ask(&client, arguments, &status);
		vipctl_client_close(&client);
	}
	version_print(arguments, json_object_get(status, "version"));
	if (status == NULL) {
		return VIPCTL_EXIT_REFUSED;
	}
	json_decref(status);
	return VIPCTL_EXIT_DONE;
}

/* Verbs whose answer may come in several lines. */
static bool is_long_order(const char *verb)
{
	return strcmp(verb, "switchover") == 0 || strcmp(verb, "failover") == 0 || strcmp(verb, "accept-members") == 0;
}

static int long_order_run(const struct arguments *arguments)
{
	json_t *request = json_pack("{s:s, s:b, s:b}", "verb", arguments->verb, "dry_run", arguments->dry_run,
		"accept_data_loss", arguments->accept_data_loss);

	if (request != NULL && arguments->instance != NULL) {
		json_object_set_new(request, "instance", json_string(arguments->instance));
	}
	if (request != NULL && arguments->to != NULL) {
		json_object_set_new(request, "to", json_string(arguments->to));
	}
	return vipctl_order_run(arguments->control, request, arguments->json);
}

/* The verb and what follows it. VIPCTL_EXIT_DONE: as it should be. */
static int operands_check(struct arguments *arguments, char **operands, int count)
{
	bool failover;

	if (count == 0) {
		return usage_error("a verb is missing", "");
	}
	arguments->verb = operands[0];
	if (strcmp(arguments->verb, "check") == 0) {
		if (count != 2 || (strcmp(operands[1], "primary") != 0 && strcmp(operands[1], "replica") != 0)) {
			return usage_error("say check primary or check replica", "");
		}
		arguments->operand = operands[1];
	} else if (strcmp(arguments->verb, "gate") == 0) {
		if (count != 2 || strcmp(operands[1], "remove") != 0) {
			return usage_error("say gate remove", "");
		}
	} else if (strcmp(arguments->verb, "status") != 0 && strcmp(arguments->verb, "version") != 0 &&
		   !is_order(arguments->verb) && !is_long_order(arguments->verb)) {
		return usage_error("no such verb: ", arguments->verb);
	} else if (count > 1) {
		return usage_error("too many words: ", operands[1]);
	}
	if (arguments->watch && strcmp(arguments->verb, "status") != 0) {
		return usage_error("-w goes with status only", "");
	}
	failover = strcmp(arguments->verb, "failover") == 0;
	if ((arguments->to != NULL || arguments->dry_run) && !failover && strcmp(arguments->verb, "switchover") != 0) {
		return usage_error("--to and --dry-run go with switchover and failover only", "");
	}
	if (failover && arguments->to == NULL) {
		return usage_error("failover needs --to: nobody is chosen by itself", "");
	}
	if (arguments->accept_data_loss && !failover) {
		return usage_error("--accept-data-loss goes with failover only", "");
	}
	return VIPCTL_EXIT_DONE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "control", required_argument, NULL, 'c' },
		{ "instance", required_argument, NULL, 'i' }, { "json", no_argument, NULL, 'j' },
		{ "to", required_argument, NULL, 't' }, { "dry-run", no_argument, NULL, 'n' },
		{ "accept-data-loss", no_argument, NULL, 'a' }, { "watch", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	struct arguments arguments = { .control = DEFAULT_CONTROL };
	int option;
	int code;

	while ((option = getopt_long(argc, argv, "w", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			arguments.control = optarg;
			break;
		case 'i':
			arguments.instance = optarg;
			break;
		case 'j':
			arguments.json = true;
			break;
		case 'w':
			arguments.watch = true;
			break;
		case 't':
			arguments.to = optarg;
			break;
		case 'a':
			arguments.accept_data_loss = true;
			break;
		case 'n':
			arguments.dry_run = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return VIPCTL_EXIT_DONE;
		case 'V':
			printf("vipctl %s\n", VIPD_VERSION);
			return VIPCTL_EXIT_DONE;
		default:
			fputs(usage_text, stderr);
			return VIPCTL_EXIT_USAGE;
		}
	}
	code = operands_check(&arguments, argv + optind, argc - optind);
	if (code != VIPCTL_EXIT_DONE) {
		return code;
	}
	if (strcmp(arguments.verb, "status") == 0) {
		return status_run(&arguments);
	}
	if (strcmp(arguments.verb, "gate") == 0) {
		return vipctl_gate_remove(arguments.json);
	}
	if (is_order(arguments.verb)) {
		return order_run(&arguments);
	}
	if (is_long_order(arguments.verb)) {
		return long_order_run(&arguments);
	}
	return strcmp(arguments.verb, "check") == 0 ? check_run(&arguments) : version_run(&arguments);
}

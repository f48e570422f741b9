#include "vipd/daemon.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink/nl_addr.h"
#include "vipd/clock.h"
#include "vipd/control.h"
#include "vipd/instance.h"
#include "vipd/log.h"
#include "vipd/loop.h"
#include "vipd/realtime.h"
#include "vipd/service.h"
#include "vipd/status.h"
#include "vipd/verbs.h"
#include "vipd/verbs_failover.h"
#include "vipd/verbs_switch.h"
#include "vipd/verbs_which.h"
#include "vrrp/report.h"

struct daemon {
	const struct vip_config *config;
	const struct restart_self *self;
	struct restart_check restart_check;
	sd_event *loop;
	struct report_socks *socks;
	struct nl_monitor *monitor;
	struct control_server *control;
	struct service service;
	struct verbs_waits waits;
	sd_event_source *control_timer;
	sd_event_source *leave_timer; /* an instance has left with its token, another is not ready yet */
	bool restart;
	int dir_fd;
	size_t running;
	size_t count;
	uint64_t unknown_vrid;
	struct instance *instance[CONFIG_INSTANCES_MAX];
};

static void on_report(void *user, int pair, const uint8_t *bytes, size_t size_bytes, struct vrrp_time received)
{
	struct daemon *daemon = user;
	uint8_t vrid = vrrp_report_peek_vrid(bytes, size_bytes);

	for (size_t i = 0; i < daemon->count; i++) {
		/* With one instance a packet without a VRID is counted there, by its reason. */
		if ((daemon->instance[i]->own->vrid == vrid || daemon->count == 1) &&
			instance_on_report(daemon->instance[i], pair, bytes, size_bytes, received)) {
			return;
		}
	}
	daemon->unknown_vrid++;
}

static int on_reports_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct daemon *daemon = user;

	(void)source;
	(void)fd;
	(void)events;
	report_socks_run(daemon->socks);
	return 0;
}

static void on_kernel_event(void *user, const struct nl_event *event)
{
	struct daemon *daemon = user;

	for (size_t i = 0; i < daemon->count; i++) {
		instance_on_kernel(daemon->instance[i], event);
	}
}

static int on_monitor_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct daemon *daemon = user;
	struct vip_err err = { "" };

	(void)source;
	(void)fd;
	(void)events;
	if (nl_monitor_run(daemon->monitor, on_kernel_event, daemon, &err) < 0) {
		log_err(NULL, "netlink: %s", err.text);
	}
	for (size_t i = 0; i < daemon->count; i++) {
		instance_on_kernel_end(daemon->instance[i]);
	}
	return 0;
}

static json_t *status_all(struct daemon *daemon, const char *only)
{
	json_t *instances = json_array();
	const char *node = "";
	json_t *status;

	for (size_t i = 0; i < daemon->count; i++) {
		struct instance *instance = daemon->instance[i];

		node = instance->own->member[instance->self].name;
		if (only == NULL || strcmp(only, instance->own->name) == 0) {
			(void)json_array_append_new(instances, instance_status_new(instance, clock_now()));
		}
	}
	status = status_new(node, VIPD_VERSION, instances);
	(void)json_object_set_new(status, "unknown_vrid", json_integer((json_int_t)daemon->unknown_vrid));
	(void)json_object_set_new(status, "log_lost", json_integer((json_int_t)log_lost_count()));
	return status;
}

static void on_stepped(void *user, struct instance *instance)
{
	struct daemon *daemon = user;

	verbs_switch_follow(instance, daemon->control);
	verbs_failover_follow(instance, daemon->control);
	verbs_follow(daemon->instance, daemon->count, &daemon->waits, daemon->control);
}

static json_t *on_request(void *context, uint64_t client, const json_t *request)
{
	struct daemon *daemon = context;
	const char *verb = json_string_value(json_object_get(request, "verb"));
	const char *only = json_string_value(json_object_get(request, "instance"));
	struct vip_err err = { "" };
	json_t *answer;

	if (verb == NULL) {
		return control_error_new("a request needs a verb", NULL);
	}
	answer = verbs_which_check(daemon->config, verb, only);
	if (answer != NULL) {
		return answer;
	}
	if (strcmp(verb, "status") == 0) {
		return json_pack("{s:b, s:o}", "ok", 1, "result", status_all(daemon, only));
	}
	if (strcmp(verb, "version") == 0) {
		return json_pack("{s:b, s:{s:s}}", "ok", 1, "result", "version", VIPD_VERSION);
	}
	if (verbs_switch_knows(verb)) {
		return verbs_switch_request(daemon->instance, daemon->count, verb, only, client, request);
	}
	if (strcmp(verb, "failover") == 0) {
		return verbs_failover_request(daemon->instance, daemon->count, only, client, request);
	}
	if (strcmp(verb, "restart") == 0 && only == NULL) {
		return restart_check_start(&daemon->restart_check, daemon->self, daemon->loop, client, &err) == 0
			       ? NULL
			       : control_error_new(err.text, "ask again");
	}
	return verbs_knows(verb)
		       ? verbs_request(daemon->instance, daemon->count, &daemon->waits, verb, only, client)
		       : control_error_new("this daemon does not know that verb", "vipctl --help lists the verbs");
}

/* Asked for by a signal (client 0), or by vipctl, which waits for its answer. */
static void on_restart_checked(void *user, uint64_t client, const char *fault)
{
	struct daemon *daemon = user;
	json_t *answer = NULL;

	if (fault != NULL) {
		log_err(NULL, "no restart: the next process could not start: %s", fault);
		answer = control_error_new(fault, "the next process could not start: vipd --check shows all of it");
	} else if (client != 0) {
		answer = verbs_request(daemon->instance, daemon->count, &daemon->waits, "restart", NULL, client);
	} else {
		log_notice(NULL, "signal %d: restarting", SIGUSR2);
		for (size_t i = 0; i < daemon->count; i++) {
			instance_restart(daemon->instance[i]);
		}
	}
	if (client != 0 && answer != NULL) {
		(void)control_server_send(daemon->control, client, answer, true, clock_now());
	}
	json_decref(answer);
}

static void arm_control(struct daemon *daemon)
{
	struct vrrp_time at = control_server_deadline(daemon->control);

	if (at.us != INT64_MAX) {
		(void)sd_event_source_set_time(daemon->control_timer, (uint64_t)at.us);
		(void)sd_event_source_set_enabled(daemon->control_timer, SD_EVENT_ONESHOT);
	}
}

static int on_control_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct daemon *daemon = user;

	(void)source;
	(void)fd;
	(void)events;
	control_server_run(daemon->control, clock_now());
	arm_control(daemon);
	return 0;
}

static int on_control_timer(sd_event_source *source, uint64_t at, void *user)
{
	struct daemon *daemon = user;

	(void)source;
	(void)at;
	control_server_run(daemon->control, clock_now());
	arm_control(daemon);
	return 0;
}

static int on_leave(sd_event_source *source, uint64_t at, void *user)
{
	struct daemon *daemon = user;

	(void)source;
	(void)at;
	log_warning(NULL, "restart: not every instance is ready; their leases run out");
	(void)sd_event_exit(daemon->loop, DAEMON_EXIT_RESTART);
	return 0;
}

/* Half of the shortest lease that was left behind is waited for those that are not ready; the rest is for the start. */
static void wait_for_others(struct daemon *daemon)
{
	struct vrrp_time now = clock_now();
	struct vrrp_time end = VRRP_TIME_NEVER;

	for (size_t i = 0; i < daemon->count; i++) {
		if (daemon->instance[i]->core.exited) {
			end = vrrp_time_min(end, daemon->instance[i]->core.token.lease_end);
		}
	}
	if (end.us != INT64_MAX && daemon->leave_timer == NULL) {
		(void)sd_event_add_time(daemon->loop, &daemon->leave_timer, CLOCK_BOOTTIME,
			(uint64_t)vrrp_time_add(now, vrrp_time_diff_us(end, now) / 2).us, 0, on_leave, daemon);
	}
}

static void on_ended(void *user, bool restart)
{
	struct daemon *daemon = user;

	daemon->running--;
	daemon->restart = daemon->restart || restart;
	if (daemon->running == 0) {
		(void)sd_event_exit(daemon->loop, daemon->restart ? DAEMON_EXIT_RESTART : 0);
	} else {
		wait_for_others(daemon);
	}
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	struct daemon *daemon = user;

	(void)source;
	log_notice(NULL, "signal %u: stopping", info->ssi_signo);
	service_say(&daemon->service, "STOPPING=1");
	for (size_t i = 0; i < daemon->count; i++) {
		instance_stop(daemon->instance[i]);
	}
	return 0;
}

static int on_status_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	json_t *status = status_all(user, NULL);
	char *text = json_dumps(status, JSON_COMPACT);

	(void)source;
	(void)info;
	log_notice(NULL, "status: %s", text == NULL ? "out of memory" : text);
	free(text);
	json_decref(status);
	return 0;
}

static int on_restart_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	struct daemon *daemon = user;
	struct vip_err err = { "" };

	(void)source;
	(void)info;
	if (restart_check_start(&daemon->restart_check, daemon->self, daemon->loop, 0, &err) < 0) {
		log_err(NULL, "no restart: %s", err.text);
	}
	return 0;
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	(void)source;
	(void)info;
	(void)user;
	log_warning(NULL, "reload: this version reads its configuration at the start only; nothing changed");
	return 0;
}

static int add_signals(struct daemon *daemon)
{
	static const struct {
		int number;
		sd_event_signal_handler_t fn;
	} handlers[] = { { SIGTERM, on_stop_signal }, { SIGINT, on_stop_signal }, { SIGUSR1, on_status_signal },
		{ SIGHUP, on_reload_signal }, { SIGUSR2, on_restart_signal } };

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(handlers); i++) {
		int code = sd_event_add_signal(daemon->loop, NULL, handlers[i].number, handlers[i].fn, daemon);

		if (code < 0) {
			return code;
		}
	}
	return 0;
}

/*
 * Reports come before everything, and a flood of them must not be everything: after so many turns in a while the other
 * sources have theirs.
 */
static const struct loop_limit reports_limit = { .window_us = 2 * VRRP_US_PER_MS, .turns = 16 };

static bool is_local(void *context, const struct vrrp_addr *addr)
{
	struct nl_addr_found found;

	return nl_addr_find(context, addr, &found, NULL) == 1;
}

static int open_instances(struct daemon *daemon, struct vip_err *err)
{
	struct nl_addr_ctx *addrs = NULL;
	int code = nl_addr_open(&addrs, err);

	for (size_t i = 0; i < daemon->config->instance_count && code >= 0; i++) {
		struct instance *instance = calloc(1, sizeof(*instance));
		int self;

		if (instance == NULL) {
			code = vip_err_set(err, -ENOMEM, "out of memory");
			break;
		}
		self = config_member_find_local(
			&daemon->config->instance[i], daemon->config->node, is_local, addrs, err);
		code = self < 0 ? self
				: instance_open(instance, daemon->config, i, (size_t)self, daemon->loop, daemon->socks,
					  daemon->dir_fd, err);
		if (code < 0) {
			free(instance);
			break;
		}
		instance->ended = on_ended;
		instance->stepped = on_stepped;
		instance->user = daemon;
		daemon->instance[daemon->count++] = instance;
		daemon->running++;
	}
	nl_addr_close(addrs);
	return code < 0 ? code : 0;
}

static int open_shared(struct daemon *daemon, struct vip_err *err)
{
	int code = state_dir_open(daemon->config->state_dir, &daemon->dir_fd, err);

	if (code == 0) {
		code = report_socks_open(daemon->config->report_port, on_report, daemon, &daemon->socks, err);
	}
	if (code == 0) {
		code = nl_monitor_open(&daemon->monitor, err);
	}
	if (code == 0) {
		code = open_instances(daemon, err); /* takes the locks first: another daemon is told by its exit code */
	}
	if (code == 0) {
		code = control_server_open(daemon->config->control, on_request, daemon, &daemon->control, err);
	}
	return code;
}

static int open_loop(struct daemon *daemon, struct vip_err *err)
{
	sigset_t set;
	int code;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGUSR2);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* before any thread is made */
	code = sd_event_new(&daemon->loop);
	return code < 0 ? vip_err_set(err, code, "event loop: %s", strerror(-code)) : 0;
}

static int add_sources(struct daemon *daemon, struct vip_err *err)
{
	int code = add_signals(daemon);

	if (code >= 0) {
		code = loop_add_fd(daemon->loop, report_socks_fd(daemon->socks), INSTANCE_PRIORITY_REPORTS,
			&reports_limit, on_reports_fd, daemon);
	}
	if (code >= 0) {
		code = loop_add_fd(daemon->loop, nl_monitor_fd(daemon->monitor), INSTANCE_PRIORITY_KERNEL, NULL,
			on_monitor_fd, daemon);
	}
	if (code >= 0) {
		code = loop_add_fd(daemon->loop, control_server_fd(daemon->control), INSTANCE_PRIORITY_CONTROL, NULL,
			on_control_fd, daemon);
	}
	if (code >= 0) {
		code = sd_event_add_time(
			daemon->loop, &daemon->control_timer, CLOCK_BOOTTIME, UINT64_MAX, 0, on_control_timer, daemon);
	}
	if (code >= 0) {
		code = sd_event_source_set_enabled(daemon->control_timer, SD_EVENT_OFF);
	}
	return code < 0 ? vip_err_set(err, code, "event loop: %s", strerror(-code)) : 0;
}

static void become_real_time(struct daemon *daemon)
{
	const struct vip_config *config = daemon->config;
	int policy = config->scheduling == CONFIG_SCHEDULING_FIFO ? SCHED_FIFO : SCHED_RR;

	realtime_become(config);
	for (size_t i = 0; i < daemon->count && config->scheduling != CONFIG_SCHEDULING_OTHER; i++) {
		(void)state_writer_schedule(daemon->instance[i]->writer, policy, config->scheduling_priority);
	}
}

static void close_all(struct daemon *daemon)
{
	restart_check_close(&daemon->restart_check);
	control_server_close(daemon->control);
	service_close(&daemon->service);
	for (size_t i = 0; i < daemon->count; i++) {
		instance_close(daemon->instance[i]);
		free(daemon->instance[i]);
	}
	nl_monitor_close(daemon->monitor);
	report_socks_close(daemon->socks);
	if (daemon->dir_fd >= 0) {
		(void)close(daemon->dir_fd);
	}
	(void)sd_event_source_disable_unref(daemon->control_timer);
	(void)sd_event_source_disable_unref(daemon->leave_timer);
	(void)sd_event_unref(daemon->loop);
	log_close();
}

int daemon_run(const struct vip_config *config, const struct restart_self *self, struct vip_err *err)
{
	struct daemon daemon = { .config = config, .self = self, .dir_fd = -1 };
	struct vip_err unheard = { "" };
	int code = open_loop(&daemon, err);

	daemon.restart_check.done = on_restart_checked;
	daemon.restart_check.user = &daemon;
	if (code == 0) {
		code = log_open(config->log_target, config->log_level, err);
	}
	if (code == 0) {
		log_notice(NULL, "vipd %s starting", VIPD_VERSION);
		code = open_shared(&daemon, err);
	}
	if (code == 0) {
		code = add_sources(&daemon, err);
	}
	if (code == 0) {
		become_real_time(&daemon);
		if (service_open(&daemon.service, daemon.loop, INSTANCE_PRIORITY_WATCHDOG, &unheard) < 0) {
			log_warning(NULL, "%s", unheard.text);
		}
		service_say(&daemon.service, "READY=1");
		code = sd_event_loop(daemon.loop);
		log_notice(NULL, "vipd stopped%s", code == DAEMON_EXIT_RESTART ? ", to be started again" : "");
	}
	close_all(&daemon);
	return code;
}

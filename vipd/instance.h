/*
 * One instance: the core, and the leaves that carry out what it orders and tell it what happened (HACKING.md).
 *
 * The world comes in through instance_on_*() and the loop's sources; each becomes one vrrp_core_step(), whose actions
 * are carried out in their order. Before an action that only a holder may do, the clock is read once more: a daemon
 * that was stopped between the step and the action does nothing late (what remains is closed by the kernel, section 5).
 * An action that fails at once puts an event into a small queue that is run after the step.
 */
#ifndef VIPD_INSTANCE_H
#define VIPD_INSTANCE_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "checks/script.h"
#include "netlink/nl_monitor.h"
#include "vipd/fence.h"
#include "vipd/kernel.h"
#include "vipd/keys.h"
#include "vipd/log.h"
#include "vipd/postgres.h"
#include "vipd/report_sock.h"
#include "vipd/state_file.h"
#include "vipd/state_writer.h"
#include "vipd/status.h"
#include "vipd/stored_text.h"
#include "vrrp/core.h"

#define INSTANCE_BINDS_MAX 3                   /* failed refreshes, or tries to unbind, in a row */
#define INSTANCE_ALARM_US (10 * VRRP_US_PER_S) /* an alarm is logged at most this often */
#define INSTANCE_STORE_US (60 * VRRP_US_PER_S) /* a state file that cannot be written is said at most this often */
#define INSTANCE_NOTED_MAX 16                  /* interfaces looked at one by one, before it is all of them */
#define INSTANCE_EVENTS_MAX 16                 /* that one step can cause at once */

/* The loop's order: reports and lease timers before everything (product.md). */
enum {
	INSTANCE_PRIORITY_REPORTS = -30,
	INSTANCE_PRIORITY_TIMER = -20,
	INSTANCE_PRIORITY_KERNEL = -10,
	INSTANCE_PRIORITY_PG = 0,
	INSTANCE_PRIORITY_STATE = -5,
	INSTANCE_PRIORITY_WATCHDOG = 10, /* behind all that the lease depends on (service.h) */
	INSTANCE_PRIORITY_CONTROL = 20
};

/* What the kernel's events were about, until instance_on_kernel_end. */
struct instance_noted {
	bool any;
	bool links;
	bool all; /* interfaces, or more than fit here */
	unsigned count;
	int ifindex[INSTANCE_NOTED_MAX];
};

/* What is tracked besides PostgreSQL (instance_track.c). */
struct instance_track {
	bool open;
	size_t script_count;
	struct check_script *script[CONFIG_TRACK_SCRIPTS_MAX]; /* by the order of the configuration */
	sd_event_source *source[CONFIG_TRACK_SCRIPTS_MAX];
	sd_event_source *timer;
};

#define INSTANCE_NOTIFY_MAX 8 /* changes of state that wait for the script */

/* What notify scripts are told (product.md): the words of keepalived. */
enum instance_notify_state {
	INSTANCE_NOTIFY_NONE = 0,
	INSTANCE_NOTIFY_MASTER,
	INSTANCE_NOTIFY_BACKUP,
	INSTANCE_NOTIFY_FAULT,
	INSTANCE_NOTIFY_STOP
};

struct instance_notify_entry {
	enum instance_notify_state state;
	enum vrrp_role role;
	const char *reason; /* a constant */
	int holder;         /* index, or -1 */
	struct vrrp_ballot ballot;
	uint8_t priority;
	uint64_t number;
	struct vrrp_time due; /* not told before, unless something follows */
};

/* instance_notify.c */
struct instance_notify {
	struct exec *child; /* NULL: none runs */
	sd_event_source *source;
	sd_event_source *timer;
	enum instance_notify_state told;
	enum instance_notify_state before_fault; /* told before the last one */
	uint64_t number;
	bool stopping; /* the clean stop waits for the script */
	struct vrrp_time stop_deadline;
	unsigned count;
	struct instance_notify_entry queue[INSTANCE_NOTIFY_MAX];
};

struct instance {
	const struct vip_config *config;
	size_t number; /* in config */
	const struct config_instance *own;
	size_t self;
	struct config_local local;
	sd_event *loop;
	sd_event_source *timer;
	sd_event_source *pg_timer;
	struct kernel *kernel;
	struct postgres *postgres; /* NULL: a witness */
	struct fence fence;
	sd_event_source *fence_source; /* while it runs */
	sd_event_source *fence_timer;
	struct instance_track track;
	struct instance_notify notify;
	struct vip_keys *keys;
	struct vrrp_auth auth;
	struct report_socks *socks;
	int pair[VRRP_MEMBERS_MAX];
	int dir_fd;
	struct state_writer *writer;
	struct state_lock lock;
	char boot_id[37];
	struct stored_owner owner; /* of the state file */
	struct vrrp_token token;   /* what the process before left; its file is gone */
	sd_event_source *clock_timer;
	bool clock_refused;
	void (*ended)(void *user, bool restart); /* the clean stop is complete; start me again */
	void *user;
	bool has_ended;
	void (*stepped)(void *user, struct instance *instance); /* after each step and its actions; NULL = nobody */
	uint64_t asked_client;              /* of the control socket, waits for a switchover or failover; 0 = nobody */
	enum vrrp_switch_phase switch_told; /* to it and to the log */
	enum vrrp_failover_phase failover_told;
	unsigned binds_failed; /* in a row */
	uint64_t sends_failed;
	struct status_reports reports[VRRP_MEMBERS_MAX]; /* of each other member */
	struct log_limit drop_limit[VRRP_DROP_COUNT];
	struct log_limit store_limit;
	struct log_limit claim_limit;
	struct log_limit gate_limit;
	struct instance_noted noted;
	unsigned addresses_put_back;
	enum kernel_gate gate_told; /* to the log */
	struct log_limit master_limit;
	struct log_limit duplicate_limit;
	struct log_limit digest_limit;
	struct log_limit system_limit;
	bool stepping; /* between a step and the end of its actions */
	unsigned queued;
	struct vrrp_event queue[INSTANCE_EVENTS_MAX];
	struct vrrp_update update;
	struct vrrp_core core;
};

/* Opens everything and runs the start event. On failure nothing of it is left open. */
int instance_open(struct instance *instance, const struct vip_config *config, size_t number, size_t self,
	sd_event *loop, struct report_socks *socks, int dir_fd, struct vip_err *err);
/* Closes; what stands in the kernel stays as it is, unless the clean stop was complete. NULL-safe members. */
void instance_close(struct instance *instance);

/* A datagram of this pair with this instance's VRID. Returns false if the pair is none of its members. */
bool instance_on_report(
	struct instance *instance, int pair, const uint8_t *bytes, size_t size_bytes, struct vrrp_time received);
/*
 * An event of the kernel's, noted; and what follows from all that were noted since the last time. What is done then
 * goes by how the kernel stands, not by the events, so a burst of them costs no more than one.
 */
void instance_on_kernel(struct instance *instance, const struct nl_event *event);
void instance_on_kernel_end(struct instance *instance);
/* Begins the clean stop; ended() tells when it is over. */
void instance_stop(struct instance *instance);

/* Asks for a restart that keeps the lease; ended(restart) tells when this process must be gone. */
void instance_restart(struct instance *instance);
void instance_pause(struct instance *instance, bool pause);

/* Steps the core at the present time. Used by the instance's own files. */
void instance_step(struct instance *instance, struct vrrp_event *event);
void instance_step_at(struct instance *instance, struct vrrp_event *event, struct vrrp_time now);
/* Now, or after the present step's actions if one is being carried out. */
void instance_post(struct instance *instance, struct vrrp_event *event);

/* instance_act.c */
void instance_act(struct instance *instance, const struct vrrp_action *action);
/* instance_restart.c */
#define INSTANCE_TOKEN_SUFFIX ".token"
void instance_token_take(struct instance *instance); /* reads it and removes its file */
void instance_token_act(struct instance *instance, uint64_t ticket);
/* How far the rate of this host's clock is beyond half of max_drift now; the last known if it cannot be read. */
uint32_t instance_clock_excess_ppm(struct instance *instance);
void instance_clock_look(struct instance *instance);
int instance_clock_open(struct instance *instance);
/* instance_status.c: the object of status.h, a new reference; NULL if memory is out. */
json_t *instance_status_new(const struct instance *instance, struct vrrp_time now);
/* instance_kernel.c: into the log, if the gate is not whole, or is again. */
void instance_gate_tell(struct instance *instance);
/* instance_fence.c */
void instance_fence(struct instance *instance, uint64_t ticket);
void instance_fence_end(struct instance *instance);
/* instance_notify.c */
int instance_notify_open(struct instance *instance, struct vip_err *err); /* before the start event */
void instance_notify_close(struct instance *instance);
void instance_notify_role(struct instance *instance, const struct vrrp_role_row *row);
/* True if ended() will be called once the script is done, in a few seconds at most. */
bool instance_notify_stop(struct instance *instance);
/* instance_track.c */
bool instance_track_waits(const struct instance *instance); /* something must be looked at before it is eligible */
int instance_track_open(struct instance *instance, struct vip_err *err); /* after the start event */
void instance_track_close(struct instance *instance);
void instance_track_status(const struct instance *instance, struct status_input *ret_input); /* its `tracked` */
void instance_track_tell(struct instance *instance); /* a link may have changed: tells the core if it counts */
/* instance_open.c */
void instance_core_config(const struct instance *instance, struct vrrp_core_config *ret_config);

#endif

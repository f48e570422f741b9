/*
 * The answer to `vipctl status --json`: product.md's stable core ("Commands"), from plain values.
 *
 * The daemon fills struct status_input with what only it knows (gate, bound addresses, why PostgreSQL is down) and
 * lends its configuration and core; nothing here asks the system, so a test gives any state it likes. What is said of
 * the other members is what their last fresh reports say, as long as these speak for them (protocol.md section 3.2);
 * after that state is "unknown" and what they said is null. fault_reasons and why_not use the words of
 * vrrp_fault_word(). Beyond the stable core, and free to grow: an instance's gate, gate_note, gate_counts, epoch,
 * drops, stalls, silent_ms, pg_error, checks, operation, sync (status_sync.h), tracked (status_track.h); a member's
 * id, note, granted_to, refused, same_config, differs, epoch, reports_accepted, reports_missed, effective_priority.
 *
 * vipctl renders this JSON as its table, so that the two never disagree.
 */
#ifndef VIPD_STATUS_H
#define VIPD_STATUS_H

#include <jansson.h>

#include "vipd/config.h"
#include "vipd/kernel.h"
#include "vrrp/core.h"

enum status_gate {
	STATUS_GATE_OPEN = 0, /* packets pass here */
	STATUS_GATE_CLOSED,
	STATUS_GATE_NONE,    /* the kernel has no BPF, or a time namespace: gate_note says which */
	STATUS_GATE_PARTIAL, /* not on every interface */
	STATUS_GATE_OFF,     /* configured */
	STATUS_GATE_COUNT
};

/* One of the checks whether PostgreSQL can work. */
struct status_check {
	const char *name;
	const char *state;    /* check_state_word() */
	const char *sentence; /* any bytes; "" = nothing to say */
};

#define STATUS_CHECKS_MAX 8

/* What was heard of a member; missed: of one incarnation's seqs those that were not accepted before a later one. */
struct status_reports {
	uint64_t accepted;
	uint64_t missed;
};

/* A script or an interface that is tracked here. */
struct status_tracked {
	const char *kind; /* "script", "interface" */
	const char *name;
	const char *state; /* "up", "down", "unknown" */
	int weight;        /* 0: down = not eligible */
	/* of a script */
	const char *last; /* how its last run ended, any bytes; NULL = it was not run */
	int exit_status;  /* … -1: it did not exit by itself */
	int64_t last_ms;  /* … how long it took; -1 = unknown */
	uint64_t runs;
};

#define STATUS_TRACKED_MAX (CONFIG_TRACK_SCRIPTS_MAX + CONFIG_TRACK_INTERFACES_MAX)

struct status_input {
	const struct vip_config *config;
	size_t instance; /* index in config */
	size_t self;     /* index of this member */
	const struct vrrp_core *core;
	struct vrrp_time now;
	enum status_gate gate;
	const char *gate_note; /* a few words; NULL = none */
	struct kernel_gate_counts gate_counts;
	unsigned addresses_put_back;
	bool bound[VRRP_ADDRESSES_MAX]; /* on this host, by the order of the configuration */
	const uint64_t *drops; /* [VRRP_DROP_COUNT] counted before the core (source, length ...); NULL = none */
	uint64_t sends_failed; /* reports that could not be handed to the kernel */
	const struct status_reports *reports; /* [VRRP_MEMBERS_MAX]; NULL = not counted */
	const char *pg_sentence;              /* why PostgreSQL is down, any bytes; NULL = nothing to say */
	unsigned check_count;                 /* 0 on a witness */
	struct status_check check[STATUS_CHECKS_MAX];
	size_t tracked_count;
	struct status_tracked tracked[STATUS_TRACKED_MAX];
	const char *op_progress; /* what is being done to PostgreSQL, any bytes; NULL = nothing */
};

/* The object of one instance, a new reference; NULL if memory is out. */
json_t *status_instance_new(const struct status_input *input);

/* The whole answer. `instances` is an array whose reference is taken in every case; NULL if memory is out. */
json_t *status_new(const char *node, const char *version, json_t *instances);

#endif

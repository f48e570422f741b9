/* Every kind of event, and for reports every thing that one can say to this member. */
#include <assert.h>
#include <string.h>

#include "tests/exhaustive/ex.h"

/* What a report says, besides its sender's role. */
enum say {
	SAY_NOTHING = 0,
	SAY_STALE, /* the echo is of a seq never sent */
	SAY_OTHER_DIGEST,
	SAY_NEW_INCARNATION,
	SAY_GRANT, /* to my ballot, for my last report */
	SAY_GRANT_OLD_SEQ,
	SAY_GRANT_OTHER_BALLOT,
	SAY_GRANT_OTHER_INCARNATION,
	SAY_REFUSAL,
	SAY_RELEASE, /* of the ballot that I granted */
	SAY_AHEAD,
	SAY_BEHIND,
	SAY_PRIMARY,
	SAY_HIGHER_EPOCH,
	SAY_DIVERGED,
	SAY_OTHER_SYSTEM,
	SAY_PAUSED,
	SAY_TOO_LONG,
	SAY_LONG, /* asks for restart_grace under the ballot that I granted */
	SAY_VOUCHER,
	SAY_NO_VOUCHER,
	SAY_STREAMS, /* from me, under my ballot, and has more than I say */
	SAY_TARGET,  /* names me as the target of a switchover */
	SAY_COUNT
};

static void say_data(struct vrrp_report *report, enum say say)
{
	switch (say) {
	case SAY_AHEAD:
		report->position += 4096;
		break;
	case SAY_BEHIND:
		report->position -= 4096;
		break;
	case SAY_PRIMARY:
		report->flags &= (uint16_t)~VRRP_FLAG_IN_RECOVERY;
		break;
	case SAY_HIGHER_EPOCH:
		report->epoch = (struct vrrp_ballot){ .counter = 900, .member = 3, .incarnation = 5 };
		break;
	case SAY_DIVERGED:
		report->timeline = 2;
		report->history.count = 2;
		report->history.entry[1] =
			(struct vrrp_timeline){ .timeline = 2, .switch_point = EX_POSITION - 8192, .fingerprint = 9 };
		break;
	case SAY_OTHER_SYSTEM:
		report->system_identifier++;
		break;
	case SAY_PAUSED:
		report->flags |= VRRP_FLAG_PAUSED;
		report->pause_counter = 3;
		break;
	default:
		break;
	}
}

/* What a switchover is about. */
static void say_switch(const struct vrrp_core *core, struct vrrp_report *report, enum say say)
{
	if (say == SAY_STREAMS) {
		report->flags |= VRRP_FLAG_STREAMING;
		report->upstream = 1;
		report->epoch = core->ballot;
		report->timeline = core->pg.timeline;
		report->position += 4096;
	} else {
		report->switchover_target = 1;
		report->release = (struct vrrp_ballot){ .counter = 7, .member = report->sender, .incarnation = 5 };
	}
}

static void say(const struct vrrp_core *core, struct vrrp_report *report, enum say say)
{
	struct vrrp_report_grant grant = { .ballot = core->ballot,
		.incarnation = core->incarnation,
		.seq = core->sent.last_seq,
		.remaining_ms = 900,
		.to = 1 };

	switch (say) {
	case SAY_STALE:
		report->echo[0].believed_seq = core->sent.last_seq + 100;
		break;
	case SAY_OTHER_DIGEST:
		report->digest[0] ^= 1;
		break;
	case SAY_NEW_INCARNATION:
		report->incarnation += 1000;
		report->seq = 1;
		break;
	case SAY_GRANT_OLD_SEQ:
		grant.seq = 0;
		report->grant = grant;
		break;
	case SAY_GRANT_OTHER_BALLOT:
		grant.ballot.counter++;
		report->grant = grant;
		break;
	case SAY_GRANT_OTHER_INCARNATION:
		grant.incarnation++;
		report->grant = grant;
		break;
	case SAY_GRANT:
		report->grant = grant;
		break;
	case SAY_REFUSAL:
		report->refusal = (struct vrrp_report_refusal){
			.ballot = core->ballot, .to = 1, .reason = VRRP_REFUSAL_BOUND, .bound_ms = 20
		};
		break;
	case SAY_RELEASE:
		report->release = core->grant.ballot;
		break;
	case SAY_VOUCHER:
		report->voucher = (struct vrrp_report_voucher){ core->ballot, report->position, 1 };
		break;
	case SAY_NO_VOUCHER:
		report->position += 4096;
		report->voucher = (struct vrrp_report_voucher){ core->ballot, report->position, 2 };
		break;
	case SAY_TOO_LONG:
		report->ask_ms = report->ask_ms == 0 ? 0 : 20 * report->ask_ms;
		break;
	case SAY_LONG:
		report->ballot = core->grant.to == report->sender ? core->grant.ballot : report->ballot;
		report->ask_ms = report->ask_ms == 0 ? 0 : 10 * report->ask_ms;
		break;
	case SAY_STREAMS:
	case SAY_TARGET:
		say_switch(core, report, say);
		break;
	default:
		say_data(report, say);
		break;
	}
}

#define REPORT_ROLES 7
static const enum vrrp_role report_roles[REPORT_ROLES] = { VRRP_ROLE_INIT, VRRP_ROLE_BACKUP, VRRP_ROLE_CANDIDATE,
	VRRP_ROLE_PROMOTING, VRRP_ROLE_MASTER, VRRP_ROLE_LEAVING, VRRP_ROLE_FAULT };
static const char *const report_names[REPORT_ROLES] = { "report INIT", "report BACKUP", "report CANDIDATE",
	"report PROMOTING", "report MASTER", "report LEAVING", "report FAULT" };

#define LOCAL_STIMULI 39

/* Probes, orders' ends, stores, links, the kernel, a stop. */
static const char *const names[LOCAL_STIMULI] = { "timer", "timer after advert_int", "timer after the lease",
	"probe standby", "probe primary", "probe gone", "probe silent", "probe starting", "pg dead", "history",
	"history unreadable", "stored", "store failed", "pg done", "pg done as primary", "pg failed", "link up",
	"link down", "claim", "address lost", "kernel failed", "fenced", "fence failed", "restart", "token",
	"token failed", "pause", "resume", "clock slewed", "clock good", "switchover", "checkpoint done",
	"checkpoint failed", "accept members", "disk stuck", "disk well", "track failed", "track unknown",
	"track good" };

unsigned ex_stimulus_local(const char *name)
{
	unsigned index = 0;

	while (strcmp(names[index], name) != 0) {
		index++;
		assert(index < LOCAL_STIMULI);
	}
	return index;
}

unsigned ex_stimulus_streams(void)
{
	return ex_stimulus_report(VRRP_ROLE_BACKUP, false) + SAY_STREAMS;
}

unsigned ex_stimulus_report(enum vrrp_role role, bool grant)
{
	unsigned index = 0;

	while (report_roles[index] != role) {
		index++;
		assert(index < REPORT_ROLES);
	}
	return LOCAL_STIMULI + 1 + index * SAY_COUNT + (grant ? SAY_GRANT : SAY_NOTHING);
}

bool ex_stimulus_is_report(unsigned index)
{
	return index > LOCAL_STIMULI;
}

static const char *local_stimulus(const struct vrrp_core *core, unsigned index, struct vrrp_event *event)
{
	static const enum vrrp_event_kind kinds[LOCAL_STIMULI] = { VRRP_EVENT_TIMER, VRRP_EVENT_TIMER, VRRP_EVENT_TIMER,
		VRRP_EVENT_PG, VRRP_EVENT_PG, VRRP_EVENT_PG, VRRP_EVENT_PG, VRRP_EVENT_PG, VRRP_EVENT_PG_DEAD,
		VRRP_EVENT_HISTORY, VRRP_EVENT_HISTORY, VRRP_EVENT_STORED, VRRP_EVENT_STORED, VRRP_EVENT_PG_DONE,
		VRRP_EVENT_PG_DONE, VRRP_EVENT_PG_DONE, VRRP_EVENT_LINK, VRRP_EVENT_LINK, VRRP_EVENT_CLAIM,
		VRRP_EVENT_ADDRESS_LOST, VRRP_EVENT_KERNEL_FAILED, VRRP_EVENT_FENCED, VRRP_EVENT_FENCED,
		VRRP_EVENT_RESTART, VRRP_EVENT_TOKEN, VRRP_EVENT_TOKEN, VRRP_EVENT_PAUSE, VRRP_EVENT_PAUSE,
		VRRP_EVENT_CLOCK, VRRP_EVENT_CLOCK, VRRP_EVENT_SWITCHOVER, VRRP_EVENT_PG_DONE, VRRP_EVENT_PG_DONE,
		VRRP_EVENT_ACCEPT_MEMBERS, VRRP_EVENT_HEALTH, VRRP_EVENT_HEALTH, VRRP_EVENT_TRACK, VRRP_EVENT_TRACK,
		VRRP_EVENT_TRACK };

	event->kind = kinds[index];
	if (index == 1) {
		event->now = vrrp_time_add(core->now, EX_ADVERT_US);
	} else if (index == 2) {
		event->now = vrrp_time_add(core->now, EX_LEASE_US);
	} else if (event->kind == VRRP_EVENT_PG) {
		event->pg = ex_pg((enum ex_pg)(index - 3));
	} else if (index == 9) {
		event->history = ex_history();
	} else if (event->kind == VRRP_EVENT_STORED) {
		event->ok = index == 11;
		event->ticket = core->store_ticket;
	} else if (index == 31 || index == 32) {
		event->ok = index == 31;
		event->ticket = core->switchover.ticket;
	} else if (event->kind == VRRP_EVENT_PG_DONE) {
		event->ok = index != 15;
		event->ticket = core->op_ticket;
		event->pg = ex_pg(index == 14 ? EX_PG_PRIMARY : EX_PG_STANDBY);
		if (index == 14 && core->op == VRRP_PG_OP_STOP_FAST) {
			event->pg.position_known = false; /* it was not shut down cleanly */
		}
	} else if (event->kind == VRRP_EVENT_FENCED) {
		event->ok = index == 21;
		event->ticket = core->wait_ticket;
	} else if (event->kind == VRRP_EVENT_TOKEN) {
		event->ok = index == 24;
		event->ticket = core->token_ticket;
	} else if (event->kind == VRRP_EVENT_PAUSE) {
		event->ok = index == 26;
	} else if (event->kind == VRRP_EVENT_CLOCK) {
		event->clock_excess_ppm = index == 28 ? 50000 : 0;
	} else if (event->kind == VRRP_EVENT_HEALTH) {
		event->faults = index == 34 ? VRRP_FAULT_BIT(VRRP_FAULT_DISK_STUCK) : 0;
	} else if (event->kind == VRRP_EVENT_TRACK) {
		event->track = (struct vrrp_track){
			.failed = index == 36, .unknown = index == 37, .weight = index == 38 ? 0 : -253
		};
	} else if (event->kind == VRRP_EVENT_LINK) {
		event->ok = index == 16;
	}
	return names[index];
}

bool ex_stimulus(const struct vrrp_core *core, unsigned index, struct vrrp_event *ret_event,
	struct vrrp_report *ret_report, const char **ret_name)
{
	unsigned member;

	memset(ret_event, 0, sizeof(*ret_event));
	ret_event->now = vrrp_time_add(core->now, 100);
	ret_event->member = VRRP_MEMBER_NONE;
	if (index < LOCAL_STIMULI) {
		*ret_name = local_stimulus(core, index, ret_event);
		return true;
	}
	index -= LOCAL_STIMULI;
	if (index == 0) {
		ret_event->kind = VRRP_EVENT_STOP;
		*ret_name = "stop";
		return true;
	}
	index--;
	ret_event->kind = VRRP_EVENT_REPORT;
	if (index < REPORT_ROLES * SAY_COUNT) {
		*ret_report = ex_report(core, 1, report_roles[index / SAY_COUNT]);
		say(core, ret_report, (enum say)(index % SAY_COUNT));
		*ret_name = report_names[index / SAY_COUNT];
		member = 1;
	} else {
		index -= REPORT_ROLES * SAY_COUNT;
		if (index > SAY_RELEASE || core->config.member_count < EX_MEMBERS) {
			return false;
		}
		*ret_report = ex_report(core, 2, VRRP_ROLE_WITNESS);
		say(core, ret_report, (enum say)index);
		*ret_name = "report WITNESS";
		member = 2;
	}
	ret_event->member = (uint8_t)member;
	ret_event->report = ret_report;
	return true;
}

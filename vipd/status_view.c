#include "vipd/status_view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vipd/config_differ.h"
#include "vrrp/ranking.h"

int status_view_member(const struct status_view *view, uint8_t id)
{
	for (int i = 0; i < view->core.config.member_count; i++) {
		if (view->core.config.member[i].id == id) {
			return i;
		}
	}
	return -1;
}

static bool has_flag(const struct vrrp_report *report, unsigned flag)
{
	return (report->flags & flag) != 0;
}

/* A witness has no PostgreSQL whose faults could count; but it may have jumped. */
uint32_t status_view_faults(const struct status_view *view, int index)
{
	const struct vrrp_report *report = view->said[index];
	uint32_t counts = view->core.config.member[index].witness ? VRRP_FAULT_BIT(VRRP_FAULT_CONFIG_JUMP) : UINT32_MAX;

	return report == NULL ? 0 : report->fault_reasons & counts;
}

bool status_view_same_config(const struct status_view *view, const struct vrrp_report *report)
{
	return memcmp(report->digest, view->core.config.digest, VRRP_DIGEST_BYTES) == 0;
}

static bool is_attached(const struct status_view *view, const struct vrrp_report *report)
{
	return view->holder >= 0 && has_flag(report, VRRP_FLAG_STREAMING) &&
	       report->upstream == view->core.config.member[view->holder].id;
}

/* Bytes of `whole` that the sender of the report does not have; -1 = unknown. */
static int64_t missing_bytes(const struct vrrp_position *whole, const struct vrrp_report *report, bool attached)
{
	struct vrrp_position at = vrrp_position_from_report(report);
	vrrp_lsn from = at.position;

	if (whole->position == 0 || at.position == 0) {
		return -1;
	}
	if (!attached || at.timeline != whole->timeline) { /* who streams from it on its timeline has its line */
		vrrp_lsn common = 0;

		switch (vrrp_history_compare(&at, whole, &common)) {
		case VRRP_LINEAGE_EQUAL:
		case VRRP_LINEAGE_A_PREFIX:
		case VRRP_LINEAGE_B_PREFIX:
			break;
		case VRRP_LINEAGE_DIVERGED:
			if (common == 0) {
				return -1;
			}
			from = common;
			break;
		case VRRP_LINEAGE_UNKNOWN:
		case VRRP_LINEAGE_COUNT:
		default:
			return -1;
		}
	}
	if (from >= whole->position) {
		return 0;
	}
	return whole->position - from > INT64_MAX ? -1 : (int64_t)(whole->position - from);
}

/* What a client may have seen committed: the MASTER's position; without one that of the last, which may be this host.
 */
static struct vrrp_position newest_position(const struct status_view *view)
{
	const struct vrrp_stored *stored = &view->core.stored;

	if (view->holder >= 0 && view->said[view->holder]->role == VRRP_ROLE_MASTER) {
		return vrrp_position_from_report(view->said[view->holder]);
	}
	if (!vrrp_ballot_is_none(&stored->serving) && vrrp_ballot_equal(&stored->serving, &stored->epoch) &&
		vrrp_ballot_compare(&stored->epoch, &stored->master_seen.at.epoch) > 0) {
		return vrrp_position_from_report(&view->own);
	}
	return stored->master_seen.at;
}

static bool may_take_over(const struct status_view *view, int index)
{
	const struct vrrp_report *report = view->said[index];

	return index != view->holder && report != NULL && !view->core.config.member[index].witness &&
	       status_view_same_config(view, report) && has_flag(report, VRRP_FLAG_ELIGIBLE);
}

/* The order of candidates (protocol.md section 4), by insertion: at most nine. */
static void line_up(struct status_view *view)
{
	for (int i = 0; i < view->core.config.member_count; i++) {
		int at = view->line_count;

		if (!may_take_over(view, i)) {
			continue;
		}
		for (; at > 0; at--) {
			struct vrrp_standing a = vrrp_standing_from_report(view->said[i]);
			struct vrrp_standing b = vrrp_standing_from_report(view->said[view->line[at - 1]]);

			if (!vrrp_standing_better(&a, a.primary, &b, b.primary, view->core.config.election_lag_bytes)) {
				break;
			}
			view->line[at] = view->line[at - 1];
		}
		view->line[at] = i;
		view->line_count++;
	}
}

void status_view_init(struct status_view *view, const struct status_input *input)
{
	assert(input->instance < input->config->instance_count);
	view->input = input;
	view->instance = &input->config->instance[input->instance];
	view->core = *input->core;
	assert(view->core.config.member_count == view->instance->member_count);
	assert(input->self == view->core.config.self);
	view->core.now = vrrp_time_max(view->core.now, input->now);
	vrrp_core_report(&view->core, &view->own);
	for (int i = 0; i < view->core.config.member_count; i++) {
		const struct vrrp_peer *peer = &view->core.peer[i];

		view->said[i] = vrrp_peer_speaks(peer, view->core.now) ? &peer->report : NULL;
	}
	view->said[input->self] = &view->own;
	view->holder = vrrp_core_holder(&view->core);
	view->newest = newest_position(view);
	view->line_count = 0;
	for (int i = 0; i < view->core.config.member_count; i++) {
		view->at_risk_bytes[i] = view->said[i] == NULL ? -1
							       : missing_bytes(&view->newest, view->said[i],
									 is_attached(view, view->said[i]));
	}
	line_up(view);
}

int64_t status_view_lag_bytes(const struct status_view *view, int index)
{
	struct vrrp_position at;

	if (view->holder < 0 || index == view->holder || view->said[index] == NULL) {
		return -1;
	}
	at = vrrp_position_from_report(view->said[view->holder]);
	return missing_bytes(&at, view->said[index], is_attached(view, view->said[index]));
}

const struct vrrp_report_grant *status_view_grant(const struct status_view *view, int index)
{
	const struct vrrp_report *report = view->said[index];
	struct vrrp_time heard = report == &view->own ? view->core.now : view->core.peer[index].heard_at;

	if (report == NULL || report->grant.to == 0) {
		return NULL;
	}
	return vrrp_time_diff_us(view->core.now, heard) < report->grant.remaining_ms * VRRP_US_PER_MS ? &report->grant
												      : NULL;
}

/* --- notes --- */

/* A MASTER lets go with one of these, unless nobody could take over. */
#define STAYS_WITH                                                                                                     \
	(VRRP_HEALTH_FAULTS | VRRP_FAULT_BIT(VRRP_FAULT_PG_HUNG) | VRRP_FAULT_BIT(VRRP_FAULT_PG_DOWN) |                \
		VRRP_FAULT_BIT(VRRP_FAULT_LINK))

static void note_add(char note[STATUS_NOTE_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What does not fit is cut. */
static void note_add(char note[STATUS_NOTE_SIZE], const char *format, ...)
{
	size_t used = strlen(note);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(note + used, STATUS_NOTE_SIZE - used, format, args);
	va_end(args);
}

static void note_faults(const struct status_view *view, int index, uint32_t faults, char note[STATUS_NOTE_SIZE])
{
	const char *before = index == view->holder ? "holds, but: " : "cannot take over: ";

	for (unsigned fault = 0; fault < VRRP_FAULT_COUNT; fault++) {
		if ((faults & VRRP_FAULT_BIT(fault)) != 0) {
			note_add(note, "%s%s", before, vrrp_fault_word(fault));
			before = ", ";
		}
	}
}

/* A member that may take over: the first in line would, unless paused. */
static void note_line(const struct status_view *view, int index, char note[STATUS_NOTE_SIZE])
{
	int place = 0;

	while (view->line[place] != index) {
		place++;
		assert(place < view->line_count);
	}
	if (view->core.stored.paused) {
		note_add(note, "could take over, but paused");
	} else if (place > 0) {
		note_add(note, "number %d in line", place + 1);
	} else {
		note_add(note, view->holder < 0 ? "first in line" : "would take over now");
	}
	if (view->at_risk_bytes[index] >= 0) {
		note_add(note, ", losing %" PRId64 " bytes", view->at_risk_bytes[index]);
	} else {
		note_add(note, ", losing what cannot be known");
	}
}

static void note_silence(const struct status_view *view, int index, char note[STATUS_NOTE_SIZE])
{
	const struct vrrp_peer *peer = &view->core.peer[index];

	if (vrrp_time_before(view->core.now, peer->duplicate_until)) {
		note_add(note, "two daemons use this member's identity: neither is believed");
	} else if (peer->report.sender == 0) {
		note_add(note, "not heard since this daemon started");
	} else {
		note_add(note, "not heard for %" PRId64 " s",
			vrrp_time_diff_us(view->core.now, peer->heard_at) / VRRP_US_PER_S);
	}
}

static void note_difference(const struct status_view *view, const struct vrrp_report *report, char *ret_note)
{
	char keys[CONFIG_DIFFER_TEXT_SIZE];
	size_t count = config_differ_text(view->instance, &view->core.config, report, keys);

	note_add(ret_note, "%sruns with another configuration: %s",
		vrrp_core_is_split(&view->core, (unsigned)status_view_member(view, report->sender)) ? "split_config: "
												    : "",
		count > 0 ? keys : "a key that its version does not tell");
}

void status_view_note(const struct status_view *view, int index, char ret_note[STATUS_NOTE_SIZE])
{
	const struct vrrp_report *report = view->said[index];
	const struct status_input *input = view->input;
	bool self = report == &view->own;
	uint32_t faults;

	ret_note[0] = '\0';
	if (report == NULL) {
		note_silence(view, index, ret_note);
		return;
	}
	faults = status_view_faults(view, index);
	if (self && input->op_progress != NULL && input->op_progress[0] != '\0') {
		note_add(ret_note, "%s", input->op_progress);
	} else if (!status_view_same_config(view, report)) {
		note_difference(view, report, ret_note);
	} else if (may_take_over(view, index)) {
		note_line(view, index, ret_note);
	} else if (faults != 0) {
		note_faults(view, index, faults, ret_note);
		if ((faults & STAYS_WITH) != 0 && index == view->holder && report->role == VRRP_ROLE_MASTER &&
			(view->core.stored.paused || view->line_count == 0)) {
			note_add(ret_note, "; stays: %s",
				view->core.stored.paused ? "paused" : "nobody else can take over");
		}
	} else if (has_flag(report, VRRP_FLAG_SILENT)) {
		note_add(ret_note, "start-up silence, grants nothing yet");
	} else if (index == view->holder && report->role == VRRP_ROLE_MASTER && view->line_count == 0) {
		note_add(ret_note, "nobody could take over now");
	}
	if (self && input->pg_sentence != NULL && input->pg_sentence[0] != '\0' && !has_flag(report, VRRP_FLAG_PG_UP)) {
		note_add(ret_note, "%s%s", ret_note[0] != '\0' ? ": " : "", input->pg_sentence);
	}
}

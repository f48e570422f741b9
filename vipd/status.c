#include "vipd/status.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vipd/config_differ.h"
#include "vipd/status_sync.h"
#include "vipd/status_track.h"
#include "vipd/status_view.h"
#include "vipd/text_escape.h"
#include "vrrp/addr.h"

#define SCHEMA_VERSION 1
#define BALLOT_SIZE 48 /* 20 digits, 3 digits, 16 digits, two points, the 0 */
#define LSN_SIZE 20
#define FAULT_BITS 32

static const char *const GATE_WORDS[] = {
	[STATUS_GATE_OPEN] = "open",
	[STATUS_GATE_CLOSED] = "closed",
	[STATUS_GATE_NONE] = "none",
	[STATUS_GATE_PARTIAL] = "partial",
	[STATUS_GATE_OFF] = "off",
};
_Static_assert(VRRP_ARRAY_LENGTH(GATE_WORDS) == STATUS_GATE_COUNT, "a word for each state of the gate");

/* --- values: new references, null for what is not known --- */

static json_t *number_new(int64_t number)
{
	return number < 0 ? json_null() : json_integer(number);
}

/* Text from outside: made valid UTF-8 and one line, else jansson would refuse it. */
static json_t *text_new(const char *text)
{
	char escaped[STATUS_NOTE_SIZE];

	if (text == NULL || text[0] == '\0') {
		return json_null();
	}
	text_escape(text, escaped, sizeof(escaped));
	return json_string(escaped);
}

static json_t *ballot_new(const struct vrrp_ballot *ballot)
{
	char text[BALLOT_SIZE];

	if (ballot == NULL || vrrp_ballot_is_none(ballot)) {
		return json_null();
	}
	snprintf(text, sizeof(text), "%" PRIu64 ".%u.%" PRIx64, ballot->counter, ballot->member, ballot->incarnation);
	return json_string(text);
}

static json_t *lsn_new(vrrp_lsn lsn)
{
	char text[LSN_SIZE];

	if (lsn == 0) {
		return json_null();
	}
	snprintf(text, sizeof(text), VRRP_LSN_FMT, VRRP_LSN_ARG(lsn));
	return json_string(text);
}

/* The words of a set of faults; what a later version may have added is "?", once. */
static json_t *faults_new(uint32_t faults)
{
	json_t *words = json_array();
	bool other = false;

	for (unsigned bit = 0; words != NULL && bit < FAULT_BITS; bit++) {
		bool known = bit < VRRP_FAULT_COUNT;

		if ((faults & UINT32_C(1) << bit) == 0 || (!known && other)) {
			continue;
		}
		other = other || !known;
		if (json_array_append_new(words, json_string(vrrp_fault_word(bit))) != 0) {
			json_decref(words);
			return NULL;
		}
	}
	return words;
}

static int64_t ms_until(const struct status_view *view, struct vrrp_time end)
{
	int64_t us = vrrp_time_diff_us(end, view->core.now);

	return us <= 0 ? 0 : us / VRRP_US_PER_MS;
}

static json_t *name_new(const struct status_view *view, int index)
{
	return index < 0 ? json_null() : json_string(view->instance->member[index].name);
}

/* --- a member --- */

static json_t *postgresql_new(const struct status_view *view, int index)
{
	const struct vrrp_report *report = view->said[index];
	const char *role = NULL;

	if (view->core.config.member[index].witness) {
		return json_null();
	}
	if (report == NULL) {
		return json_pack("{s:n, s:n, s:n, s:n, s:n, s:n}", "role", "timeline", "received_lsn", "replayed_lsn",
			"lag_bytes", "streaming");
	}
	if ((report->flags & VRRP_FLAG_PG_UP) != 0) {
		role = (report->flags & VRRP_FLAG_IN_RECOVERY) != 0 ? "standby" : "primary";
	} else if (report != &view->own || view->core.pg_seen) {
		role = "down"; /* what was not looked at yet is not known */
	}
	return json_pack("{s:s?, s:o, s:o, s:o, s:o, s:b}", "role", role, "timeline",
		number_new(report->timeline > 0 ? (int64_t)report->timeline : -1), "received_lsn",
		lsn_new(report->position), "replayed_lsn", lsn_new(report->replayed), "lag_bytes",
		number_new(status_view_lag_bytes(view, index)), "streaming",
		(report->flags & VRRP_FLAG_STREAMING) != 0);
}

/* The voter's side of a member: to whom its vote is bound, whom it refused and why. */
static json_t *refused_new(const struct status_view *view, int index)
{
	const struct vrrp_report *report = view->said[index];

	if (report == NULL || report->refusal.to == 0) {
		return json_null();
	}
	return json_pack("{s:o, s:s, s:I}", "member", name_new(view, status_view_member(view, report->refusal.to)),
		"reason", vrrp_refusal_word(report->refusal.reason), "bound_ms", (json_int_t)report->refusal.bound_ms);
}

static json_t *granted_new(const struct status_view *view, int index)
{
	const struct vrrp_report_grant *grant = status_view_grant(view, index);

	return name_new(view, grant == NULL ? -1 : status_view_member(view, grant->to));
}

static int64_t heard_ms(const struct status_view *view, int index)
{
	const struct vrrp_peer *peer = &view->core.peer[index];

	if (view->said[index] == &view->own) {
		return 0;
	}
	return peer->report.sender == 0 ? -1 : vrrp_time_diff_us(view->core.now, peer->heard_at) / VRRP_US_PER_MS;
}

static void word_add(void *context, const char *text)
{
	(void)json_array_append_new(context, json_string(text));
}

/* The keys in which its configuration differs; null if it is the same, or not heard. */
static json_t *differs_new(const struct status_view *view, const struct vrrp_report *report)
{
	json_t *words;

	if (report == NULL || status_view_same_config(view, report)) {
		return json_null();
	}
	words = json_array();
	(void)config_differ(view->instance, &view->core.config, report, word_add, words);
	return words;
}

static json_t *member_new(const struct status_view *view, int index)
{
	const struct config_member *member = &view->instance->member[index];
	const struct vrrp_report *report = view->said[index];
	char address[VRRP_ADDR_TEXT_MAX];
	char note[STATUS_NOTE_SIZE];
	bool eligible = report != NULL && !member->witness && (report->flags & VRRP_FLAG_ELIGIBLE) != 0;

	status_view_note(view, index, note);
	return json_pack("{s:s, s:i, s:s, s:s, s:o, s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"name", member->name, "id", (int)member->id, "address", vrrp_addr_format(&member->address, address),
		"state", report == NULL ? "unknown" : vrrp_role_word(report->role), "heard_ms",
		number_new(heard_ms(view, index)), "priority", (int)member->priority, "witness", member->witness,
		"eligible", report == NULL ? json_null() : json_boolean(eligible), "why_not",
		report == NULL ? json_null() : faults_new(status_view_faults(view, index)), "postgresql",
		postgresql_new(view, index), "note", text_new(note), "granted_to", granted_new(view, index), "refused",
		refused_new(view, index), "same_config",
		report == NULL ? json_null() : json_boolean(status_view_same_config(view, report)), "differs",
		differs_new(view, report), "epoch", report == NULL ? json_null() : ballot_new(&report->epoch),
		"effective_priority",
		number_new(report == NULL || member->witness || report->priority == 0 ? -1 : report->priority));
}

/* How well its reports come through: null of this host itself. */
static int reports_set(json_t *member, const struct status_view *view, int index)
{
	const struct status_reports *reports = view->input->reports;
	bool known = reports != NULL && view->said[index] != &view->own;

	if (member == NULL) {
		return -1;
	}
	return json_object_update_new(member,
		json_pack("{s:o, s:o}", "reports_accepted",
			known ? json_integer((json_int_t)reports[index].accepted) : json_null(), "reports_missed",
			known ? json_integer((json_int_t)reports[index].missed) : json_null()));
}

static json_t *members_new(const struct status_view *view)
{
	json_t *members = json_array();

	for (int i = 0; members != NULL && i < view->core.config.member_count; i++) {
		json_t *member = member_new(view, i);

		if (reports_set(member, view, i) != 0) {
			json_decref(member);
			json_decref(members);
			return NULL;
		}
		if (json_array_append_new(members, member) != 0) {
			json_decref(members);
			return NULL;
		}
	}
	return members;
}

/* --- an instance --- */

/* What the gate's map counts; null where there is none. */
static json_t *counter_new(const struct kernel_gate_counts *counts, uint64_t counter)
{
	return counts->is_read ? json_integer((json_int_t)counter) : json_null();
}

static json_t *gate_counts_new(const struct status_input *input)
{
	const struct kernel_gate_counts *counts = &input->gate_counts;

	return json_pack("{s:I, s:I, s:I, s:o, s:o}", "put_back", (json_int_t)counts->put_back, "addresses_put_back",
		(json_int_t)input->addresses_put_back, "late", (json_int_t)counts->late, "rejected",
		counter_new(counts, counts->rejected), "dropped_adverts", counter_new(counts, counts->dropped_adverts));
}

static json_t *addresses_new(const struct status_view *view)
{
	const struct config_instance *instance = view->instance;
	const struct kernel_gate_drops *counts = view->input->gate_counts.address;
	json_t *addresses = json_array();
	struct config_local local;

	config_local_get(instance, view->input->self, &local);
	for (size_t i = 0; addresses != NULL && i < instance->address_count; i++) {
		const struct config_address *address = &instance->address[i];
		const char *interface = address->interface[0] != '\0' ? address->interface : local.interface;
		char text[VRRP_PREFIX_TEXT_MAX];

		if (json_array_append_new(addresses,
			    json_pack("{s:s, s:o, s:b, s:s, s:o, s:o}", "address",
				    vrrp_addr_format_prefix(&address->addr, address->prefix_len, text), "interface",
				    text_new(interface), "bound", view->input->bound[i], "gate",
				    GATE_WORDS[view->input->gate], "dropped_in",
				    counter_new(&view->input->gate_counts, counts[i].dropped_in), "dropped_out",
				    counter_new(&view->input->gate_counts, counts[i].dropped_out))) != 0) {
			json_decref(addresses);
			return NULL;
		}
	}
	return addresses;
}

static json_t *drops_new(const struct status_view *view)
{
	json_t *drops = json_object();

	for (unsigned drop = VRRP_DROP_NONE + 1; drops != NULL && drop < VRRP_DROP_COUNT; drop++) {
		uint64_t count = view->core.drops[drop] + (view->input->drops != NULL ? view->input->drops[drop] : 0);

		if (json_object_set_new(drops, vrrp_drop_word(drop), json_integer((json_int_t)count)) != 0) {
			json_decref(drops);
			return NULL;
		}
	}
	return drops;
}

/* The holder's own lease; elsewhere how long this host's vote is still bound to it. */
static int64_t lease_remaining_ms(const struct status_view *view)
{
	const struct vrrp_grant *grant = &view->core.grant;

	if (view->holder < 0) {
		return -1;
	}
	if (view->holder == (int)view->input->self) {
		return ms_until(view, vrrp_core_lease_end(&view->core));
	}
	return grant->to == view->core.config.member[view->holder].id && vrrp_grant_runs(grant, view->core.now)
		       ? ms_until(view, grant->expires)
		       : -1;
}

static const struct vrrp_ballot *holder_ballot(const struct status_view *view)
{
	return view->holder < 0 ? NULL : &view->said[view->holder]->ballot;
}

/* As the holder counts its own; elsewhere the voters whose reports say so. */
static unsigned grants(const struct status_view *view)
{
	unsigned count = 0;

	if (view->holder < 0 || view->holder == (int)view->input->self) {
		return vrrp_core_grants(&view->core);
	}
	for (int i = 0; i < view->core.config.member_count; i++) {
		const struct vrrp_report_grant *grant = status_view_grant(view, i);

		count += grant != NULL && vrrp_ballot_equal(&grant->ballot, holder_ballot(view)) ? 1 : 0;
	}
	return count;
}

/* What a failover now would lose: with the one that loses least of those that may take over. */
static int64_t at_risk_bytes(const struct status_view *view)
{
	int64_t least = -1;

	for (int i = 0; i < view->line_count; i++) {
		int64_t bytes = view->at_risk_bytes[view->line[i]];

		least = bytes >= 0 && (least < 0 || bytes < least) ? bytes : least;
	}
	return least;
}

/* Whether PostgreSQL can work, check by check; null on a witness. */
static json_t *checks_new(const struct status_input *input)
{
	json_t *checks = input->check_count > 0 ? json_array() : json_null();

	for (unsigned i = 0; checks != NULL && i < input->check_count; i++) {
		const struct status_check *check = &input->check[i];

		if (json_array_append_new(checks, json_pack("{s:s, s:s, s:o}", "name", check->name, "state",
							  check->state, "note", text_new(check->sentence))) != 0) {
			json_decref(checks);
			return NULL;
		}
	}
	return checks;
}

/* Beyond the stable core. */
static int extra_set(json_t *object, const struct status_view *view)
{
	const struct status_input *input = view->input;
	const char *operation = input->op_progress;

	if (operation == NULL && view->core.op != VRRP_PG_OP_NONE) {
		operation = vrrp_pg_op_word(view->core.op);
	}
	return json_object_update_new(
		object, json_pack("{s:o, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:I}", "node",
				name_new(view, (int)input->self), "gate", GATE_WORDS[input->gate], "gate_note",
				text_new(input->gate_note), "epoch", ballot_new(&view->core.stored.epoch), "drops",
				drops_new(view), "stalls", (json_int_t)view->core.stalls, "clock_excess_ppm",
				(json_int_t)view->core.clock_excess_ppm, "silent_ms",
				(json_int_t)ms_until(view, view->core.silent_until), "pg_error",
				text_new(input->pg_sentence), "checks", checks_new(input), "operation",
				text_new(operation), "sends_failed", (json_int_t)input->sends_failed));
}

json_t *status_instance_new(const struct status_input *input)
{
	struct status_view view;
	json_t *object;

	assert(input->gate < STATUS_GATE_COUNT);
	status_view_init(&view, input);
	object = json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:I, s:o, s:I, s:i, s:s, s:s, s:b, s:o, s:o, s:o}", "name",
		view.instance->name, "vrid", (int)view.instance->vrid, "state", vrrp_role_word(view.core.role),
		"fault_reasons", faults_new(view.own.fault_reasons), "holder", name_new(&view, view.holder), "ballot",
		ballot_new(holder_ballot(&view)), "lease_ms", (json_int_t)(view.core.config.lease_us / VRRP_US_PER_MS),
		"lease_remaining_ms", number_new(lease_remaining_ms(&view)), "grants", (json_int_t)grants(&view),
		"members_total", (int)view.core.config.member_count, "quorum",
		view.core.config.quorum == VRRP_QUORUM_NONE ? "none" : "majority", "durability",
		view.core.config.durability == VRRP_DURABILITY_ASYNC    ? "async"
		: view.core.config.durability == VRRP_DURABILITY_QUORUM ? "quorum"
									: "adaptive",
		"paused", view.core.stored.paused, "addresses", addresses_new(&view), "members", members_new(&view),
		"at_risk_bytes", number_new(at_risk_bytes(&view)));
	if (object != NULL && (extra_set(object, &view) != 0 ||
				      json_object_set_new(object, "gate_counts", gate_counts_new(input)) != 0 ||
				      json_object_set_new(object, "tracked", status_track_new(&view)) != 0 ||
				      json_object_set_new(object, "sync", status_sync_new(&view)) != 0)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *status_new(const char *node, const char *version, json_t *instances)
{
	return json_pack("{s:i, s:o, s:o, s:o}", "schema_version", SCHEMA_VERSION, "version", text_new(version), "node",
		text_new(node), "instances", instances);
}

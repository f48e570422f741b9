/* The member list: what is told of it, and when a change of it is believed (protocol.md section 4.5, B9). */
#include "vrrp/core_internal.h"

static struct vrrp_member_entry entry_of(const struct vrrp_member_config *member)
{
	unsigned flags = (member->witness ? VRRP_MEMBER_WITNESS : 0) |
			 (member->nofailover ? VRRP_MEMBER_NOFAILOVER : 0) |
			 (member->vote_data ? VRRP_MEMBER_VOTE_DATA : 0);

	return (struct vrrp_member_entry){ .hash = member->hash, .id = member->id, .flags = (uint8_t)flags };
}

struct vrrp_member_list vrrp_core_config_members(const struct vrrp_core_config *config)
{
	struct vrrp_member_list list = { 0 };

	for (unsigned i = 0; i < config->member_count; i++) {
		vrrp_member_list_add(&list, entry_of(&config->member[i]));
	}
	return list;
}

struct vrrp_member_list core_configured_members(const struct vrrp_core *core)
{
	return vrrp_core_config_members(&core->config);
}

/* A daemon starts with the configured list; the one in force is on the disk (none: the first start). */
void core_members_start(struct vrrp_core *core, struct vrrp_update *update)
{
	struct vrrp_member_list list = core_configured_members(core);
	unsigned steps = vrrp_member_list_distance(&core->stored.members, &list);

	if (core->stored.members.count == 0) {
		core->stored.members = list; /* stored with what a start stores anyway */
	} else if (steps > 0) {
		core->jump = steps > 1 && !VRRP_MUTANT(two_members_at_a_time) ? VRRP_JUMP_FAR : VRRP_JUMP_WAIT;
		core_log(update, VRRP_LOG_WARNING,
			steps > 1
				? "config_jump: the member list differs in more than one member from the one in force: "
				  "neither votes nor stands until vipctl accept-members"
				: "config_jump: the member list differs in one member from the one in force: neither "
				  "votes nor stands until a majority of those runs with this configuration");
	}
}

/* Members of the list in force, myself included, that run with my configuration. */
static unsigned count_converts(const struct vrrp_core *core)
{
	unsigned count = 0;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_member_config *member = &core->config.member[i];
		const struct vrrp_member_entry *entry = vrrp_member_list_find(&core->stored.members, member->id);
		const struct vrrp_report *report = core_fresh(core, i);

		if (entry != NULL && entry->hash == member->hash &&
			(i == core->config.self || (report != NULL && core_same_digest(core, report)))) {
			count++;
		}
	}
	return count;
}

static void put_in_force(struct vrrp_core *core)
{
	core->stored.members = core_configured_members(core);
	core->jump = VRRP_JUMP_NONE;
	core->send_now = true;
	(void)core_store(core);
}

/*
 * The list in force moves on by one member when a majority of it has: from then on no majority of that list is left
 * that could elect by it, so that the next step may be made from here (B9).
 */
void core_members_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->jump == VRRP_JUMP_WAIT &&
		(count_converts(core) >= core->stored.members.count / 2U + 1 || VRRP_MUTANT(list_in_force_at_once))) {
		put_in_force(core);
		core_log(update, VRRP_LOG_NOTICE,
			"the new member list is in force: a majority of the old one runs with it");
	}
}

/* All that the digest is made of is told and the same, but for one member: the lists' majorities intersect. */
bool core_one_step_apart(const struct vrrp_core *core, const struct vrrp_report *report)
{
	struct vrrp_member_list list = core_configured_members(core);
	bool told = false;

	for (unsigned i = 0; i < VRRP_REPORT_KEYS; i++) {
		told = told || report->key_hash[i] != 0;
		if (report->key_hash[i] != core->config.key_hash[i]) {
			return false;
		}
	}
	return told && report->members.count > 0 &&
	       (vrrp_member_list_distance(&list, &report->members) == 1 || VRRP_MUTANT(any_list_is_one_step_apart));
}

bool core_same_or_next(const struct vrrp_core *core, const struct vrrp_report *report)
{
	return core_same_digest(core, report) || core_one_step_apart(core, report);
}

/* For how long a member has run with another configuration. */
void core_note_digest(struct vrrp_core *core, unsigned index, const struct vrrp_report *report)
{
	if (core_same_digest(core, report)) {
		core->differs_since[index] = VRRP_TIME_NONE;
	} else if (core->differs_since[index].us == 0) {
		core->differs_since[index] = core->now;
	}
}

bool vrrp_core_is_split(const struct vrrp_core *core, unsigned index)
{
	const struct vrrp_report *report = core_fresh(core, index);

	return report != NULL && core->differs_since[index].us != 0 &&
	       vrrp_time_diff_us(core->now, core->differs_since[index]) > core->config.lease_us &&
	       report->system_identifier != 0 && report->system_identifier == core->stored.system_identifier;
}

enum vrrp_accept_refusal vrrp_core_accept_check(const struct vrrp_core *core)
{
	if (core->jump == VRRP_JUMP_NONE) {
		return VRRP_ACCEPT_NOTHING;
	}
	if (vrrp_core_holder(core) >= 0) {
		return VRRP_ACCEPT_HOLDER;
	}
	return vrrp_grant_runs(&core->grant, core->now) && !VRRP_MUTANT(accepts_while_bound) ? VRRP_ACCEPT_BOUND
											     : VRRP_ACCEPT_OK;
}

void core_accept_members(struct vrrp_core *core, struct vrrp_update *update)
{
	if (vrrp_core_accept_check(core) == VRRP_ACCEPT_OK) {
		put_in_force(core);
		core_log(update, VRRP_LOG_NOTICE, "the configured member list is in force: accepted by an operator");
	}
}

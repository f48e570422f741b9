#include <bpf/bpf.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nl_gate_inside.h"

#define PRIORITIES_MAX 4 /* tried from NL_GATE_PRIORITY on, if a foreign classifier of another kind has one */
#define ATTACH_TCX_IN 46
#define ATTACH_TCX_OUT 47
#define FILTERS_MAX 64 /* of ours on one interface and direction that are looked at */

static uint32_t handle_of(uint8_t vrid)
{
	return NL_GATE_HANDLE | vrid;
}

bool nl_gate_is_of_vipd(const struct nl_tc_filter *filter)
{
	return (filter->handle & ~0xffu) == NL_GATE_HANDLE && filter->program_id != 0 && filter->chain == 0;
}

static bool is_of_vrid(const struct nl_tc_filter *filter, uint8_t vrid)
{
	return nl_gate_is_of_vipd(filter) && filter->handle == handle_of(vrid);
}

/* What one direction of one interface has, in the kernel's order. */
struct survey {
	uint8_t vrid;
	uint32_t wanted_id;     /* our program's */
	bool is_foreign_before; /* a foreign filter before the first of ours */
	bool is_ours_first;     /* the first filter with our handle runs our program */
	size_t count;           /* filters with our handle */
	struct nl_tc_filter ours[FILTERS_MAX];
};

static void on_filter(void *user, const struct nl_tc_filter *filter)
{
	struct survey *survey = user;

	if (filter->handle == 0) {
		return;
	}
	if (is_of_vrid(filter, survey->vrid)) {
		if (survey->count == 0) {
			survey->is_ours_first = filter->program_id == survey->wanted_id;
		}
		if (survey->count < FILTERS_MAX) {
			survey->ours[survey->count++] = *filter;
		}
	} else if (!nl_gate_is_of_vipd(filter) && survey->count == 0) {
		survey->is_foreign_before = true;
	}
}

static int survey_take(struct nl_talk *talk, uint8_t vrid, uint32_t wanted_id, int ifindex,
	enum nl_tc_direction direction, struct survey *ret_survey)
{
	*ret_survey = (struct survey){ .vrid = vrid, .wanted_id = wanted_id };
	return nl_tc_list(talk, ifindex, direction, on_filter, ret_survey);
}

static const struct nl_gate_program *programs_for(const struct nl_gate *gate, const struct nl_link *link)
{
	return link->is_ethernet ? gate->ethernet : gate->bare;
}

/*
 * The new program first, then away with others of our handle: never a moment without one. With the same priority (all
 * but always) the kernel itself swaps the program under the filter.
 */
static int attach_direction(
	struct nl_gate *gate, int ifindex, enum nl_tc_direction direction, const struct nl_gate_program *program)
{
	struct survey survey;
	uint16_t priority = 0;
	char name[NL_TC_NAME_BYTES];
	int result = -EINVAL;

	(void)snprintf(name, sizeof(name), "vipd_%u", gate->vrid);
	for (uint16_t i = 0; i < PRIORITIES_MAX && result == -EINVAL; i++) {
		priority = (uint16_t)(NL_GATE_PRIORITY + i);
		result = nl_tc_put(&gate->talk, ifindex, direction, priority, handle_of(gate->vrid), program->fd, name);
	}
	if (result == 0) {
		result = survey_take(&gate->talk, gate->vrid, program->id, ifindex, direction, &survey);
	}
	for (size_t i = 0; result == 0 && i < survey.count; i++) {
		if (survey.ours[i].priority != priority) {
			result = nl_tc_del(&gate->talk, ifindex, direction, &survey.ours[i]);
		}
	}
	return result;
}

int nl_gate_link_attach(struct nl_gate *gate, const struct nl_link *link, struct vip_err *err)
{
	const struct nl_gate_program *programs = programs_for(gate, link);
	int last = NL_TC_OUT;
	int result = nl_tc_add_clsact(&gate->talk, link->ifindex);

	if (result == -EEXIST) {
		last = NL_TC_IN; /* our egress program would take the place of the other one */
		(void)vip_err_set(
			err, result, "gate: %s has an ingress qdisc instead of clsact: no gate outwards", link->name);
	} else if (result < 0) {
		return vip_err_set(err, result, "gate: add clsact to %s: %s", link->name, strerror(-result));
	}
	for (int direction = NL_TC_IN; direction <= last; direction++) {
		struct survey survey;
		int failure = survey_take(&gate->talk, gate->vrid, programs[direction].id, link->ifindex,
			(enum nl_tc_direction)direction, &survey);

		/* What stands is left alone: putting it there again would be an event, which would have us come again.
		 */
		if (failure == 0 && (!survey.is_ours_first || survey.count > 1)) {
			failure = attach_direction(
				gate, link->ifindex, (enum nl_tc_direction)direction, &programs[direction]);
		}
		if (failure < 0) {
			/* The other direction still is worth having. */
			result = vip_err_set(err, failure, "gate: attach to %s %s: %s", link->name,
				direction == NL_TC_IN ? "ingress" : "egress", strerror(-failure));
		}
	}
	return result;
}

int nl_gate_attach(struct nl_gate *gate, int ifindex, struct vip_err *err)
{
	struct nl_link link;
	int result = nl_link_get_by_index(ifindex, &link, err);

	return result < 0 || link.is_loopback ? result : nl_gate_link_attach(gate, &link, err);
}

/*
 * Programs that are attached the newer way (tcx, Linux 6.6; other attach types than this kernel's headers know) are
 * asked before all filters, and what one of them lets pass is not asked about any more. No event tells of them: they
 * are seen with the next look.
 */
static bool has_tcx(int ifindex, enum nl_tc_direction direction)
{
	LIBBPF_OPTS(bpf_prog_query_opts, query);
	enum bpf_attach_type type = (enum bpf_attach_type)(direction == NL_TC_IN ? ATTACH_TCX_IN : ATTACH_TCX_OUT);

	return bpf_prog_query_opts(ifindex, type, &query) == 0 && query.prog_cnt > 0;
}

int nl_gate_link_look(struct nl_gate *gate, const struct nl_link *link, struct vip_err *err)
{
	enum nl_gate_standing standing = NL_GATE_ATTACHED;

	if (link->is_loopback) {
		return NL_GATE_NOT_NEEDED;
	}
	for (int direction = NL_TC_IN; direction <= NL_TC_OUT; direction++) {
		struct survey survey;
		int result = survey_take(&gate->talk, gate->vrid, programs_for(gate, link)[direction].id, link->ifindex,
			(enum nl_tc_direction)direction, &survey);

		if (result < 0) {
			return vip_err_set(
				err, result, "gate: list the filters of %s: %s", link->name, strerror(-result));
		}
		if (!survey.is_ours_first) {
			return NL_GATE_MISSING;
		}
		if (survey.is_foreign_before || has_tcx(link->ifindex, (enum nl_tc_direction)direction)) {
			standing = NL_GATE_BEHIND;
		}
	}
	return (int)standing;
}

int nl_gate_check(struct nl_gate *gate, int ifindex, struct vip_err *err)
{
	struct nl_link link;
	int result = nl_link_get_by_index(ifindex, &link, err);

	return result < 0 ? result : nl_gate_link_look(gate, &link, err);
}

/* Filters of this VRID on one interface: removes them. Returns how many. */
static int remove_from(struct nl_talk *talk, uint8_t vrid, int ifindex)
{
	int count = 0;

	for (int direction = NL_TC_IN; direction <= NL_TC_OUT; direction++) {
		struct survey survey;
		int result = survey_take(talk, vrid, 0, ifindex, (enum nl_tc_direction)direction, &survey);

		for (size_t i = 0; result == 0 && i < survey.count; i++) {
			result = nl_tc_del(talk, ifindex, (enum nl_tc_direction)direction, &survey.ours[i]);
			count++;
		}
		if (result < 0 && result != -ENODEV) {
			return result;
		}
	}
	return count;
}

int nl_gate_remove(uint8_t vrid, struct vip_err *err)
{
	struct nl_talk talk = { 0 };
	struct nl_link *links = NULL;
	size_t count = 0;
	int removed = 0;
	int result = nl_link_list(&links, &count, err);

	if (result == 0) {
		result = nl_talk_open(&talk, NETLINK_ROUTE, err);
	}
	for (size_t i = 0; i < count && result >= 0; i++) {
		result = remove_from(&talk, vrid, links[i].ifindex);
		if (result < 0) {
			(void)vip_err_set(
				err, result, "gate: remove the filters of %s: %s", links[i].name, strerror(-result));
		} else {
			removed += result;
		}
	}
	nl_talk_close(&talk);
	free(links);
	return result < 0 ? result : removed;
}

int nl_gate_find_program(struct nl_talk *talk, uint8_t vrid, uint32_t *ret_program_id)
{
	struct nl_link *links;
	size_t count;
	int result = nl_link_list(&links, &count, NULL);
	uint32_t id = 0;

	if (result < 0) {
		return result;
	}
	for (size_t i = 0; i < count && id == 0; i++) {
		struct survey survey;

		if (survey_take(talk, vrid, 0, links[i].ifindex, NL_TC_IN, &survey) == 0 && survey.count > 0) {
			id = survey.ours[0].program_id;
		}
	}
	free(links);
	if (id == 0) {
		return 0;
	}
	*ret_program_id = id;
	return 1;
}

/*
 * Where the gate stands, kept from event to event, so that an event costs one list of the interfaces and a look at the
 * one that it is about, however many there are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nl_gate_inside.h"

static struct nl_gate_known *find(struct nl_gate *gate, int ifindex)
{
	for (size_t i = 0; i < gate->known_count; i++) {
		if (gate->known[i].ifindex == ifindex) {
			return &gate->known[i];
		}
	}
	return NULL;
}

void nl_gate_forget(struct nl_gate *gate, int ifindex)
{
	struct nl_gate_known *known = find(gate, ifindex);

	if (known != NULL) {
		*known = gate->known[--gate->known_count];
	}
}

/* A new entry, missing as yet. NULL: out of memory, or more than NL_LINKS_MAX. */
static struct nl_gate_known *add(struct nl_gate *gate, int ifindex)
{
	if (gate->known_count == gate->known_room) {
		size_t room = gate->known_room == 0 ? 16 : gate->known_room * 2;
		struct nl_gate_known *known =
			room > NL_LINKS_MAX * 2 ? NULL : reallocarray(gate->known, room, sizeof(*known));

		if (known == NULL) {
			return NULL;
		}
		gate->known = known;
		gate->known_room = room;
	}
	gate->known[gate->known_count] = (struct nl_gate_known){ .ifindex = ifindex, .standing = NL_GATE_MISSING };
	return &gate->known[gate->known_count++];
}

static void mend_link(struct nl_gate *gate, const struct nl_link *link, struct nl_gate_mended *mended)
{
	struct nl_gate_known *known = find(gate, link->ifindex);
	int standing = nl_gate_link_look(gate, link, &gate->trouble);
	bool had_stood = known != NULL && known->standing != NL_GATE_MISSING;

	if (standing == NL_GATE_MISSING) {
		standing = nl_gate_link_attach(gate, link, &gate->trouble);
		if (standing == 0) {
			standing = nl_gate_link_look(gate, link, &gate->trouble);
			if (had_stood) {
				mended->put_back++;
				memcpy(mended->link, link->name, sizeof(mended->link));
			}
		}
	}
	if (standing == -ENODEV) {
		nl_gate_forget(gate, link->ifindex); /* it has just gone */
		return;
	}
	if (standing == NL_GATE_BEHIND) {
		(void)vip_err_set(&gate->trouble, -EBUSY,
			"another program's filter, or its tcx program, stands before ours on %s", link->name);
	} else if (standing == NL_GATE_MISSING) {
		(void)vip_err_set(&gate->trouble, -ENOENT, "it does not stay on %s", link->name);
	}
	if (known == NULL) {
		known = add(gate, link->ifindex);
	}
	if (known == NULL) {
		mended->missing++; /* cannot be remembered: said now, and looked at again with the next event */
		(void)vip_err_set(&gate->trouble, -ENOMEM, "out of memory for the list of the interfaces");
		return;
	}
	known->standing = standing < 0 ? NL_GATE_MISSING : (enum nl_gate_standing)standing;
}

static const struct nl_link *link_find(const struct nl_link *links, size_t count, int ifindex)
{
	for (size_t i = 0; i < count; i++) {
		if (links[i].ifindex == ifindex) {
			return &links[i];
		}
	}
	return NULL;
}

static void mend_all(struct nl_gate *gate, const struct nl_link *links, size_t count, struct nl_gate_mended *mended)
{
	for (size_t i = gate->known_count; i > 0; i--) {
		if (link_find(links, count, gate->known[i - 1].ifindex) == NULL) {
			nl_gate_forget(gate, gate->known[i - 1].ifindex);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (!links[i].is_loopback) {
			mend_link(gate, &links[i], mended);
		}
	}
}

int nl_gate_mend(
	struct nl_gate *gate, const int *ifindex, size_t count, struct nl_gate_mended *ret_mended, struct vip_err *err)
{
	struct nl_gate_mended mended = { 0 };
	struct nl_link *links;
	size_t link_count;
	int result = nl_link_list(&links, &link_count, err);

	if (result < 0) {
		return result;
	}
	if (count == 0) {
		mend_all(gate, links, link_count, &mended);
	}
	for (size_t i = 0; i < count; i++) {
		const struct nl_link *link = link_find(links, link_count, ifindex[i]);

		if (link == NULL) {
			nl_gate_forget(gate, ifindex[i]);
		} else if (!link->is_loopback) {
			mend_link(gate, link, &mended);
		}
	}
	free(links);
	for (size_t i = 0; i < gate->known_count; i++) {
		mended.behind += gate->known[i].standing == NL_GATE_BEHIND;
		mended.missing += gate->known[i].standing == NL_GATE_MISSING;
	}
	if (mended.behind > 0 || mended.missing > 0) {
		mended.trouble = gate->trouble;
	}
	*ret_mended = mended;
	return 0;
}

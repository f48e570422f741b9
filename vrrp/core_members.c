/* The member list: what is told of it, and when a change of it is believed (protocol.md section 4.5, B9). */
#include "vrrp/core_internal.h"

static struct vrrp_member_entry entry_of(const struct vrrp_member_config *member)
{
	unsigned flags = (member->witness ? VRRP_MEMBER_WITNESS : 0) |
			 (member->nofailover ? VRRP_MEMBER_NOFAILOVER : 0) |
			 (member->vote_data ? VRRP_MEMBER_VOTE_DATA : 0);

	return (struct vrrp_member_entry){ .hash = member->hash, .id = member->id, .flags = (uint8_t)flags };
}

struct vrrp_member_list core_configured_members(const struct vrrp_core *core)
{
	struct vrrp_member_list list = { 0 };

	for (unsigned i = 0; i < core->config.member_count; i++) {
		vrrp_member_list_add(&list, entry_of(&core->config.member[i]));
	}
	return list;
}

#include "vrrp/members.h"

#include <assert.h>

void vrrp_member_list_add(struct vrrp_member_list *list, struct vrrp_member_entry entry)
{
	unsigned at = list->count;

	assert(list->count < VRRP_MEMBERS_MAX && entry.id != 0 && vrrp_member_list_find(list, entry.id) == NULL);
	for (; at > 0 && list->entry[at - 1].id > entry.id; at--) {
		list->entry[at] = list->entry[at - 1];
	}
	list->entry[at] = entry;
	list->count++;
}

const struct vrrp_member_entry *vrrp_member_list_find(const struct vrrp_member_list *list, uint8_t id)
{
	for (unsigned i = 0; i < list->count && i < VRRP_MEMBERS_MAX; i++) {
		if (list->entry[i].id == id) {
			return &list->entry[i];
		}
	}
	return NULL;
}

bool vrrp_member_list_is_valid(const struct vrrp_member_list *list)
{
	if (list->count > VRRP_MEMBERS_MAX) {
		return false;
	}
	for (unsigned i = 0; i < list->count; i++) {
		if (list->entry[i].id <= (i > 0 ? list->entry[i - 1].id : 0)) {
			return false;
		}
	}
	return true;
}

/* What `list` has and `other` has not, and in what it differs. */
static unsigned count_steps(const struct vrrp_member_list *list, const struct vrrp_member_list *other, bool changes)
{
	unsigned steps = 0;

	for (unsigned i = 0; i < list->count && i < VRRP_MEMBERS_MAX; i++) {
		const struct vrrp_member_entry *entry = &list->entry[i];
		const struct vrrp_member_entry *found = vrrp_member_list_find(other, entry->id);

		if (found == NULL) {
			steps++;
		} else if (changes && found->hash != entry->hash) {
			steps += 2; /* another machine: one less and one more */
		} else if (changes && found->flags != entry->flags) {
			steps++;
		}
	}
	return steps;
}

unsigned vrrp_member_list_distance(const struct vrrp_member_list *a, const struct vrrp_member_list *b)
{
	return count_steps(a, b, true) + count_steps(b, a, false);
}

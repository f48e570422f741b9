/*
 * Member lists as they are compared between hosts and between two starts of a daemon (protocol.md section 4.5, B9).
 *
 * A list has one entry a member: its id, a hash of what says which machine it is (name and address) and the flags that
 * say what its vote is worth. Two majorities are only sure to intersect if the lists behind them differ by one member;
 * vrrp_member_list_distance() counts: a member more, one less, or one whose flags changed is a step of one. Another
 * machine under an old id is one less and one more: two steps.
 *
 * Plain values: the entries are kept by id, ascending, so that equal lists are equal however the file is written.
 */
#ifndef VRRP_MEMBERS_H
#define VRRP_MEMBERS_H

#include "vrrp/base.h"

/* What a member's vote is worth; bits of vrrp_member_entry.flags. */
#define VRRP_MEMBER_WITNESS 0x01U
#define VRRP_MEMBER_NOFAILOVER 0x02U
#define VRRP_MEMBER_VOTE_DATA 0x04U

struct vrrp_member_entry {
	uint32_t hash; /* of name and address; 0 = unknown */
	uint8_t id;    /* 1..255 */
	uint8_t flags;
};

/* count 0 = no list known. Unused entries are 0. */
struct vrrp_member_list {
	uint8_t count;
	struct vrrp_member_entry entry[VRRP_MEMBERS_MAX];
};

/* Adds an entry in its place. The list must have room, and no entry of that id yet. */
void vrrp_member_list_add(struct vrrp_member_list *list, struct vrrp_member_entry entry);

/* The entry with this id, or NULL. */
const struct vrrp_member_entry *vrrp_member_list_find(const struct vrrp_member_list *list, uint8_t id);

/* Whether it is a list as vrrp_member_list_add() makes them. */
bool vrrp_member_list_is_valid(const struct vrrp_member_list *list);

/* In how many steps of one member a list becomes the other; 0 = they are equal. Symmetric; any input is safe. */
unsigned vrrp_member_list_distance(const struct vrrp_member_list *a, const struct vrrp_member_list *b);

#endif

#include "netlink/nl_gate_left.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink/nl_gate_inside.h"

#define MAPS_OF_A_PROGRAM_MAX 8

/* Filters and one program of each VRID. */
struct tally {
	unsigned filters[NL_GATE_LEFT_MAX + 1];
	uint32_t program_id[NL_GATE_LEFT_MAX + 1];
};

static void on_filter(void *user, const struct nl_tc_filter *filter)
{
	struct tally *tally = user;

	if (nl_gate_is_of_vipd(filter)) {
		tally->filters[filter->handle & 0xff]++;
		tally->program_id[filter->handle & 0xff] = filter->program_id;
	}
}

static int count_filters(struct tally *tally, struct vip_err *err)
{
	struct nl_talk talk = { 0 };
	struct nl_link *links = NULL;
	size_t count = 0;
	int result = nl_link_list(&links, &count, err);

	if (result == 0) {
		result = nl_talk_open(&talk, NETLINK_ROUTE, err);
	}
	for (size_t i = 0; i < count && result == 0; i++) {
		for (int direction = NL_TC_IN; direction <= NL_TC_OUT && result == 0; direction++) {
			result = nl_tc_list(&talk, links[i].ifindex, (enum nl_tc_direction)direction, on_filter, tally);
		}
		if (result == -ENODEV) {
			result = 0;
		} else if (result < 0) {
			(void)vip_err_set(
				err, result, "gate: list the filters of %s: %s", links[i].name, strerror(-result));
		}
	}
	nl_talk_close(&talk);
	free(links);
	return result;
}

static struct vrrp_addr addr_of(const struct gate_key *key)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	bool is_ip4 = memcmp(key->word, mapped, sizeof(mapped)) == 0;
	struct vrrp_addr addr = { .family = is_ip4 ? 4 : 6 };

	memcpy(addr.bytes, (const uint8_t *)key->word + (is_ip4 ? sizeof(mapped) : 0), vrrp_addr_size(&addr));
	return addr;
}

/* The keys, if it is the map of addresses. */
static void read_map(int fd, struct nl_gate_left *left)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	struct gate_key key;

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0 || strcmp(info.name, "vipd_addrs") != 0 ||
		info.key_size != sizeof(key)) {
		return;
	}
	left->count = 0;
	for (int more = bpf_map_get_next_key(fd, NULL, &key); more == 0 && left->count < VRRP_ADDRESSES_MAX;) {
		struct gate_key last = key;

		left->addrs[left->count++] = addr_of(&key);
		more = bpf_map_get_next_key(fd, &last, &key);
	}
}

static int read_addresses(uint32_t program_id, struct nl_gate_left *left)
{
	__u32 ids[MAPS_OF_A_PROGRAM_MAX] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = MAPS_OF_A_PROGRAM_MAX, .map_ids = (uintptr_t)ids };
	__u32 size = sizeof(info);
	int program = bpf_prog_get_fd_by_id(program_id);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) < 0) {
		int result = -errno;

		if (program >= 0) {
			(void)close(program);
		}
		return result;
	}
	(void)close(program);
	for (size_t i = 0; i < info.nr_map_ids && i < MAPS_OF_A_PROGRAM_MAX; i++) {
		int fd = bpf_map_get_fd_by_id(ids[i]);

		if (fd < 0) {
			return -errno;
		}
		read_map(fd, left);
		(void)close(fd);
	}
	return 0;
}

int nl_gate_left_list(struct nl_gate_left **ret_left, struct vip_err *err)
{
	struct tally tally = { 0 };
	struct nl_gate_left *left = NULL;
	int count = 0;
	int result = count_filters(&tally, err);

	for (unsigned vrid = 1; vrid <= NL_GATE_LEFT_MAX && result == 0; vrid++) {
		struct nl_gate_left *more;

		if (tally.filters[vrid] == 0) {
			continue;
		}
		more = reallocarray(left, (size_t)count + 1, sizeof(*left));
		if (more == NULL) {
			result = vip_err_set(err, -ENOMEM, "gate: out of memory");
			break;
		}
		left = more;
		left[count] = (struct nl_gate_left){ .vrid = (uint8_t)vrid, .filters = tally.filters[vrid] };
		result = read_addresses(tally.program_id[vrid], &left[count++]);
		if (result == -ENOENT) {
			result = 0; /* taken away just now */
			count--;
		} else if (result < 0) {
			(void)vip_err_set(err, result, "gate: read the addresses of virtual_router_id %u: %s", vrid,
				strerror(-result));
		}
	}
	if (result < 0 || count == 0) {
		free(left);
		left = NULL;
	}
	if (result < 0) {
		return result;
	}
	*ret_left = left;
	return count;
}

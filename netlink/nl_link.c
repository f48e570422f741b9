#include "netlink/nl_link.h"

#include <assert.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nl_route.h"

#define DUMP_TRIES_MAX 3 /* a dump that the kernel calls inconsistent (something changed meanwhile) is asked again */

_Static_assert(NL_LINK_NAME_BYTES == IFNAMSIZ, "an interface's name");

struct collection {
	struct nl_link *links;
	size_t count;
	size_t room;
	int failure; /* negative errno */
};

static bool read_link(struct nlmsghdr *message, struct nl_link *ret_link)
{
	const struct ifinfomsg *info = nlmsg_data(message);
	struct nlattr *attrs[IFLA_MAX + 1];
	struct nl_link link = { 0 };

	if (message->nlmsg_type != RTM_NEWLINK || nlmsg_parse(message, sizeof(*info), attrs, IFLA_MAX, NULL) < 0 ||
		attrs[IFLA_IFNAME] == NULL) {
		return false;
	}
	link.ifindex = info->ifi_index;
	nla_strlcpy(link.name, attrs[IFLA_IFNAME], sizeof(link.name));
	link.is_loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
	link.is_ethernet = info->ifi_type == ARPHRD_ETHER;
	link.up = (info->ifi_flags & IFF_UP) != 0;
	link.carrier = (info->ifi_flags & IFF_RUNNING) != 0;
	if (link.is_ethernet && attrs[IFLA_ADDRESS] != NULL && nla_len(attrs[IFLA_ADDRESS]) == NL_LINK_MAC_BYTES) {
		memcpy(link.mac, nla_data(attrs[IFLA_ADDRESS]), NL_LINK_MAC_BYTES);
	}
	*ret_link = link;
	return true;
}

static void collect(void *user, struct nlmsghdr *message)
{
	struct collection *all = user;
	struct nl_link link;

	if (all->failure < 0 || !read_link(message, &link)) {
		return;
	}
	if (all->count == NL_LINKS_MAX) {
		all->failure = -E2BIG;
		return;
	}
	if (all->count == all->room) {
		size_t room = all->room == 0 ? 16 : all->room * 2;
		struct nl_link *links = reallocarray(all->links, room, sizeof(*links));

		if (links == NULL) {
			all->failure = -ENOMEM;
			return;
		}
		all->links = links;
		all->room = room;
	}
	all->links[all->count++] = link;
}

int nl_link_list(struct nl_link **ret_links, size_t *ret_count, struct vip_err *err)
{
	struct collection all = { 0 };
	struct ifinfomsg ask = { .ifi_family = AF_UNSPEC };
	struct nl_route route = { 0 };
	int result = nl_route_open(&route, err);

	if (result < 0) {
		return result;
	}
	for (int i = 0; i < DUMP_TRIES_MAX; i++) {
		all.count = 0;
		all.failure = 0;
		result = nl_route_dump(&route, RTM_GETLINK, &ask, sizeof(ask), collect, &all);
		if (result != -EINTR) {
			break;
		}
	}
	nl_route_close(&route);
	if (result == 0) {
		result = all.failure;
	}
	if (result < 0) {
		free(all.links);
		return vip_err_set(err, result, "list of the interfaces: %s", strerror(-result));
	}
	*ret_links = all.links;
	*ret_count = all.count;
	return 0;
}

/* name NULL: by index. */
static int get(const char *name, int ifindex, struct nl_link *ret_link, struct vip_err *err)
{
	struct nl_link *links;
	size_t count;
	int result = nl_link_list(&links, &count, err);

	if (result < 0) {
		return result;
	}
	result = -ENODEV;
	for (size_t i = 0; i < count; i++) {
		if (name != NULL ? strcmp(links[i].name, name) == 0 : links[i].ifindex == ifindex) {
			*ret_link = links[i];
			result = 0;
			break;
		}
	}
	free(links);
	return result;
}

int nl_link_get(const char *name, struct nl_link *ret_link, struct vip_err *err)
{
	int result;

	assert(name != NULL);
	result = get(name, 0, ret_link, err);
	return result == -ENODEV ? vip_err_set(err, result, "there is no interface \"%.32s\"", name) : result;
}

int nl_link_get_by_index(int ifindex, struct nl_link *ret_link, struct vip_err *err)
{
	int result = get(NULL, ifindex, ret_link, err);

	return result == -ENODEV ? vip_err_set(err, result, "there is no interface with index %d", ifindex) : result;
}

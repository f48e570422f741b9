#include "netlink/nl_addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/route/addr.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nl_route.h"

#define DUMP_TRIES_MAX 3 /* a dump that the kernel calls inconsistent (something changed meanwhile) is asked again */

struct nl_addr_ctx {
	struct nl_route route;
};

/* One address as a dump tells it. */
struct entry {
	int ifindex;
	struct vrrp_addr addr; /* the local one */
	unsigned prefix_len;
	uint32_t flags;
	uint8_t scope;
	uint32_t valid_lft_s;
};

/* Answers true if the dump need not be looked at any further. */
typedef bool entry_fn(void *user, const struct entry *entry);

struct walk {
	entry_fn *fn;
	void *user;
	bool is_over;
};

static const char *text_of(const struct vrrp_addr *addr, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->bytes, text, INET6_ADDRSTRLEN);
}

static bool is_same(const struct vrrp_addr *a, const struct vrrp_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, vrrp_addr_size(a)) == 0;
}

static bool shares_subnet(const struct vrrp_addr *a, const struct vrrp_addr *b, unsigned prefix_len)
{
	unsigned bytes = prefix_len / 8;
	unsigned bits = prefix_len % 8;

	return a->family == b->family && memcmp(a->bytes, b->bytes, bytes) == 0 &&
	       (bits == 0 || (a->bytes[bytes] ^ b->bytes[bytes]) >> (8 - bits) == 0);
}

static bool read_entry(struct nlmsghdr *message, struct entry *ret_entry)
{
	const struct ifaddrmsg *info = nlmsg_data(message);
	struct nlattr *attrs[IFA_MAX + 1];
	struct nlattr *local;
	struct entry entry = { 0 };

	if (message->nlmsg_type != RTM_NEWADDR || nlmsg_parse(message, sizeof(*info), attrs, IFA_MAX, NULL) < 0) {
		return false;
	}
	local = attrs[IFA_LOCAL] != NULL ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	entry.addr.family = info->ifa_family == AF_INET ? 4 : info->ifa_family == AF_INET6 ? 6 : 0;
	if (entry.addr.family == 0 || local == NULL || (size_t)nla_len(local) != vrrp_addr_size(&entry.addr)) {
		return false;
	}
	memcpy(entry.addr.bytes, nla_data(local), vrrp_addr_size(&entry.addr));
	entry.ifindex = (int)info->ifa_index;
	entry.prefix_len = info->ifa_prefixlen;
	entry.scope = info->ifa_scope;
	entry.flags = attrs[IFA_FLAGS] != NULL ? nla_get_u32(attrs[IFA_FLAGS]) : info->ifa_flags;
	entry.valid_lft_s = NL_ADDR_FOREVER;
	if (attrs[IFA_CACHEINFO] != NULL && nla_len(attrs[IFA_CACHEINFO]) >= (int)sizeof(struct ifa_cacheinfo)) {
		entry.valid_lft_s = ((const struct ifa_cacheinfo *)nla_data(attrs[IFA_CACHEINFO]))->ifa_valid;
	}
	*ret_entry = entry;
	return true;
}

static void on_message(void *user, struct nlmsghdr *message)
{
	struct walk *walk = user;
	struct entry entry;

	if (!walk->is_over && read_entry(message, &entry)) {
		walk->is_over = walk->fn(walk->user, &entry);
	}
}

/* Shows fn the addresses of a family on an interface (0: all). fn may see one twice if the dump has to be repeated. */
static int walk_entries(struct nl_addr_ctx *ctx, uint8_t family, int ifindex, entry_fn *fn, void *user)
{
	struct ifaddrmsg ask = { .ifa_family = family == 4 ? AF_INET : AF_INET6, .ifa_index = (unsigned)ifindex };
	int result = -EINTR;

	for (int i = 0; i < DUMP_TRIES_MAX && result == -EINTR; i++) {
		struct walk walk = { .fn = fn, .user = user };

		result = nl_route_dump(&ctx->route, RTM_GETADDR, &ask, sizeof(ask), on_message, &walk);
	}
	return result;
}

int nl_addr_open(struct nl_addr_ctx **ret_ctx, struct vip_err *err)
{
	struct nl_addr_ctx *ctx = calloc(1, sizeof(*ctx));
	int result;

	_Static_assert(NL_ADDR_TIMEOUT_MS == NL_ROUTE_TIMEOUT_MS, "the bound that nl_addr.h promises");
	if (ctx == NULL) {
		return vip_err_set(err, -ENOMEM, "netlink socket: out of memory");
	}
	result = nl_route_open(&ctx->route, err);
	if (result < 0) {
		free(ctx);
		return result;
	}
	*ret_ctx = ctx;
	return 0;
}

void nl_addr_close(struct nl_addr_ctx *ctx)
{
	if (ctx != NULL) {
		nl_route_close(&ctx->route);
		free(ctx);
	}
}

struct subnet_question {
	const struct vrrp_addr *addr;
	unsigned prefix_len;
	bool is_shared;
};

static bool on_subnet_entry(void *user, const struct entry *entry)
{
	struct subnet_question *question = user;
	/*
	 * Two floating addresses in a subnet of their own: the first carries the prefix route, and must not lose it at
	 * its next refresh because the second is there. (An IPv4 refresh changes no flags.)
	 */
	bool is_ours_alone = entry->addr.family == 6 && (entry->flags & IFA_F_NOPREFIXROUTE) != 0 &&
			     (entry->flags & IFA_F_DEPRECATED) != 0;

	if (!is_same(&entry->addr, question->addr) && entry->prefix_len <= question->prefix_len && !is_ours_alone &&
		shares_subnet(&entry->addr, question->addr, entry->prefix_len)) {
		question->is_shared = true;
	}
	return question->is_shared;
}

/* libnl's description of the address, for building a request. NULL: out of memory. */
static struct rtnl_addr *describe(int ifindex, const struct vrrp_addr *addr, unsigned prefix_len)
{
	struct rtnl_addr *description = rtnl_addr_alloc();
	struct nl_addr *local =
		nl_addr_build(addr->family == 4 ? AF_INET : AF_INET6, addr->bytes, vrrp_addr_size(addr));

	if (description != NULL && local != NULL) {
		nl_addr_set_prefixlen(local, (int)prefix_len);
		rtnl_addr_set_ifindex(description, ifindex);
		if (rtnl_addr_set_local(description, local) == 0) {
			nl_addr_put(local);
			return description;
		}
	}
	nl_addr_put(local);
	rtnl_addr_put(description);
	return NULL;
}

static int build_set(int ifindex, const struct vrrp_addr *addr, unsigned prefix_len, const char *label,
	uint32_t valid_lft_s, uint32_t flags, struct nl_msg **ret_message)
{
	struct rtnl_addr *description = describe(ifindex, addr, prefix_len);
	int result = -1;

	if (description == NULL) {
		return -ENOMEM;
	}
	rtnl_addr_set_valid_lifetime(description, valid_lft_s);
	/* The kernel refuses a preferred lifetime above the valid one. */
	rtnl_addr_set_preferred_lifetime(description, addr->family == 6 ? 0 : valid_lft_s);
	rtnl_addr_set_flags(description, flags);
	if (label == NULL || addr->family == 6 || rtnl_addr_set_label(description, label) == 0) {
		result = rtnl_addr_build_add_request(description, NLM_F_REPLACE, ret_message);
	}
	rtnl_addr_put(description);
	return result < 0 ? -ENOMEM : 0;
}

int nl_addr_set(struct nl_addr_ctx *ctx, int ifindex, const struct vrrp_addr *addr, unsigned prefix_len,
	const char *label, uint32_t valid_lft_s, struct vip_err *err)
{
	struct subnet_question question = { .addr = addr, .prefix_len = prefix_len };
	uint32_t flags = addr->family == 6 ? IFA_F_NODAD : 0;
	struct nl_msg *message;
	char text[INET6_ADDRSTRLEN];
	int result;

	assert(vrrp_addr_size(addr) != 0 && prefix_len <= vrrp_addr_size(addr) * 8 && valid_lft_s > 0);
	if (label != NULL && strlen(label) >= NL_ADDR_LABEL_BYTES) {
		return vip_err_set(
			err, -EINVAL, "label \"%.40s\" is longer than %d bytes", label, NL_ADDR_LABEL_BYTES - 1);
	}
	result = walk_entries(ctx, addr->family, ifindex, on_subnet_entry, &question);
	if (result == 0) {
		flags |= question.is_shared ? IFA_F_NOPREFIXROUTE : 0;
		result = build_set(ifindex, addr, prefix_len, label, valid_lft_s, flags, &message);
	}
	if (result == 0) {
		result = nl_route_request(&ctx->route, message);
	}
	if (result < 0) {
		return vip_err_set(err, result, "bind %s/%u on interface %d for %u s: %s", text_of(addr, text),
			prefix_len, ifindex, valid_lft_s, strerror(-result));
	}
	return 0;
}

int nl_addr_del(
	struct nl_addr_ctx *ctx, int ifindex, const struct vrrp_addr *addr, unsigned prefix_len, struct vip_err *err)
{
	struct rtnl_addr *description;
	struct nl_msg *message;
	char text[INET6_ADDRSTRLEN];
	int result = -ENOMEM;

	assert(vrrp_addr_size(addr) != 0 && prefix_len <= vrrp_addr_size(addr) * 8);
	description = describe(ifindex, addr, prefix_len);
	if (description != NULL && rtnl_addr_build_delete_request(description, 0, &message) == 0) {
		result = nl_route_request(&ctx->route, message);
	}
	rtnl_addr_put(description);
	if (result == 0 || result == -EADDRNOTAVAIL || result == -ENODEV) {
		return 0;
	}
	return vip_err_set(err, result, "unbind %s/%u from interface %d: %s", text_of(addr, text), prefix_len, ifindex,
		strerror(-result));
}

struct find_question {
	const struct vrrp_addr *addr;
	bool is_found;
	struct nl_addr_found found;
};

static bool on_find_entry(void *user, const struct entry *entry)
{
	struct find_question *question = user;

	if (is_same(&entry->addr, question->addr)) {
		question->is_found = true;
		question->found = (struct nl_addr_found){
			.ifindex = entry->ifindex,
			.prefix_len = entry->prefix_len,
			.valid_lft_s = entry->valid_lft_s,
			.deprecated = (entry->flags & IFA_F_DEPRECATED) != 0,
		};
	}
	return question->is_found;
}

int nl_addr_find(
	struct nl_addr_ctx *ctx, const struct vrrp_addr *addr, struct nl_addr_found *ret_found, struct vip_err *err)
{
	struct find_question question = { .addr = addr };
	char text[INET6_ADDRSTRLEN];
	int result;

	assert(vrrp_addr_size(addr) != 0);
	result = walk_entries(ctx, addr->family, 0, on_find_entry, &question);
	if (result < 0) {
		return vip_err_set(
			err, result, "look for %s on this machine: %s", text_of(addr, text), strerror(-result));
	}
	if (question.is_found) {
		*ret_found = question.found;
	}
	return question.is_found;
}

int nl_addr_purge(struct nl_addr_ctx *ctx, const struct vrrp_addr *addr, struct vip_err *err)
{
	char text[INET6_ADDRSTRLEN];

	for (int count = 0; count <= NL_ADDR_PURGE_MAX; count++) {
		struct nl_addr_found found;
		int result = nl_addr_find(ctx, addr, &found, err);

		if (result <= 0) {
			return result < 0 ? result : count;
		}
		result = nl_addr_del(ctx, found.ifindex, addr, found.prefix_len, err);
		if (result < 0) {
			return result;
		}
	}
	return vip_err_set(err, -EOVERFLOW, "%s is still on this machine after %d removals", text_of(addr, text),
		NL_ADDR_PURGE_MAX);
}

struct primary_question {
	bool is_found;
	bool is_permanent;
	struct vrrp_addr addr;
};

/* IPv4: the first primary one, a permanent one before one with a lifetime (a floating one has a lifetime). */
static bool on_primary_entry(void *user, const struct entry *entry)
{
	struct primary_question *question = user;
	bool is_permanent = entry->addr.family == 6 || entry->valid_lft_s == NL_ADDR_FOREVER;
	bool fits = entry->addr.family == 4 ? (entry->flags & IFA_F_SECONDARY) == 0
					    : entry->scope == RT_SCOPE_LINK &&
						      (entry->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;

	if (fits && (is_permanent || !question->is_found)) {
		question->is_found = true;
		question->is_permanent = is_permanent;
		question->addr = entry->addr;
	}
	return question->is_permanent;
}

int nl_addr_primary(
	struct nl_addr_ctx *ctx, int ifindex, uint8_t family, struct vrrp_addr *ret_addr, struct vip_err *err)
{
	struct primary_question question = { 0 };
	int result;

	assert(family == 4 || family == 6);
	result = walk_entries(ctx, family, ifindex, on_primary_entry, &question);
	if (result == 0 && !question.is_found) {
		return vip_err_set(err, -EADDRNOTAVAIL, "interface %d has no %s address to send from", ifindex,
			family == 4 ? "IPv4" : "link-local IPv6");
	}
	if (result < 0) {
		return vip_err_set(err, result, "addresses of interface %d: %s", ifindex, strerror(-result));
	}
	*ret_addr = question.addr;
	return 0;
}

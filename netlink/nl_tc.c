#include "netlink/nl_tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

static struct tcmsg *begin(char *buffer, uint16_t type, uint16_t flags, int ifindex, struct nlmsghdr **ret_request)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *tc;

	request->nlmsg_type = type;
	request->nlmsg_flags = flags;
	tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	*ret_request = request;
	return tc;
}

static uint32_t parent_of(enum nl_tc_direction direction)
{
	return TC_H_MAKE(TC_H_CLSACT, direction == NL_TC_IN ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

static int put_clsact(struct nl_talk *talk, int ifindex, uint16_t flags)
{
	char buffer[NL_TALK_REQUEST_BYTES];
	struct nlmsghdr *request;
	struct tcmsg *tc = begin(buffer, RTM_NEWQDISC, flags, ifindex, &request);

	tc->tcm_parent = TC_H_CLSACT;
	tc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(request, TCA_KIND, "clsact");
	return nl_talk_request(talk, request);
}

int nl_tc_add_clsact(struct nl_talk *talk, int ifindex)
{
	int result = put_clsact(talk, ifindex, NLM_F_CREATE | NLM_F_EXCL);

	if (result == -EEXIST) {
		/* A change that changes nothing: 0 for a clsact, -EINVAL for a qdisc of another kind. */
		result = put_clsact(talk, ifindex, NLM_F_CREATE);
		return result == -EINVAL ? -EEXIST : result;
	}
	return result;
}

int nl_tc_put(struct nl_talk *talk, int ifindex, enum nl_tc_direction direction, uint16_t priority, uint32_t handle,
	int program_fd, const char *name)
{
	char buffer[NL_TALK_REQUEST_BYTES];
	struct nlmsghdr *request;
	struct tcmsg *tc = begin(buffer, RTM_NEWTFILTER, NLM_F_CREATE, ifindex, &request);
	struct nlattr *options;

	tc->tcm_parent = parent_of(direction);
	tc->tcm_handle = handle;
	tc->tcm_info = TC_H_MAKE((uint32_t)priority << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(request, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(request, TCA_OPTIONS);
	mnl_attr_put_u32(request, TCA_BPF_FD, (uint32_t)program_fd);
	mnl_attr_put_strz(request, TCA_BPF_NAME, name);
	mnl_attr_put_u32(request, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(request, options);
	return nl_talk_request(talk, request);
}

int nl_tc_del(struct nl_talk *talk, int ifindex, enum nl_tc_direction direction, const struct nl_tc_filter *filter)
{
	char buffer[NL_TALK_REQUEST_BYTES];
	struct nlmsghdr *request;
	struct tcmsg *tc = begin(buffer, RTM_DELTFILTER, 0, ifindex, &request);
	int result;

	tc->tcm_parent = parent_of(direction);
	tc->tcm_handle = filter->handle;
	tc->tcm_info = TC_H_MAKE((uint32_t)filter->priority << 16, filter->protocol);
	mnl_attr_put_u32(request, TCA_CHAIN, filter->chain);
	mnl_attr_put_strz(request, TCA_KIND, "bpf");
	result = nl_talk_request(talk, request);
	return result == -ENOENT || result == -ENODEV || result == -EINVAL ? 0 : result;
}

struct listing {
	nl_tc_fn *fn;
	void *user;
};

static int on_option(const struct nlattr *option, void *user)
{
	struct nl_tc_filter *filter = user;

	if (mnl_attr_get_type(option) == TCA_BPF_ID && mnl_attr_get_payload_len(option) >= sizeof(uint32_t)) {
		filter->program_id = mnl_attr_get_u32(option);
	} else if (mnl_attr_get_type(option) == TCA_BPF_NAME) {
		size_t size = mnl_attr_get_payload_len(option);

		size = size < sizeof(filter->name) ? size : sizeof(filter->name) - 1;
		memcpy(filter->name, mnl_attr_get_payload(option), size);
		filter->name[size] = '\0';
	}
	return MNL_CB_OK;
}

struct attributes {
	uint32_t chain;
	bool is_bpf;
	const struct nlattr *options;
};

static int on_attribute(const struct nlattr *attr, void *user)
{
	struct attributes *attrs = user;

	if (mnl_attr_get_type(attr) == TCA_CHAIN && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t)) {
		attrs->chain = mnl_attr_get_u32(attr);
	} else if (mnl_attr_get_type(attr) == TCA_KIND) {
		attrs->is_bpf = mnl_attr_get_payload_len(attr) == sizeof("bpf") &&
				memcmp(mnl_attr_get_payload(attr), "bpf", sizeof("bpf")) == 0;
	} else if (mnl_attr_get_type(attr) == TCA_OPTIONS) {
		attrs->options = attr;
	}
	return MNL_CB_OK;
}

static int on_filter(const struct nlmsghdr *message, void *user)
{
	const struct listing *listing = user;
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	struct attributes attrs = { 0 };
	struct nl_tc_filter filter = { 0 };

	if (message->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(message) < sizeof(*tc)) {
		return MNL_CB_OK;
	}
	(void)mnl_attr_parse(message, sizeof(*tc), on_attribute, &attrs);
	filter.handle = tc->tcm_handle;
	filter.priority = (uint16_t)(TC_H_MAJ(tc->tcm_info) >> 16);
	filter.protocol = (uint16_t)TC_H_MIN(tc->tcm_info);
	filter.chain = attrs.chain;
	if (attrs.is_bpf && attrs.options != NULL) {
		(void)mnl_attr_parse_nested(attrs.options, on_option, &filter);
	}
	listing->fn(listing->user, &filter);
	return MNL_CB_OK;
}

void nl_tc_read(const void *datagram, size_t size_bytes, nl_tc_fn *fn, void *user)
{
	struct listing listing = { .fn = fn, .user = user };

	(void)nl_talk_walk(datagram, size_bytes, 0, 0, on_filter, &listing);
}

int nl_tc_list(struct nl_talk *talk, int ifindex, enum nl_tc_direction direction, nl_tc_fn *fn, void *user)
{
	char buffer[NL_TALK_REQUEST_BYTES];
	struct listing listing = { .fn = fn, .user = user };
	struct nlmsghdr *request;
	struct tcmsg *tc = begin(buffer, RTM_GETTFILTER, 0, ifindex, &request);
	int result;

	tc->tcm_parent = parent_of(direction);
	result = nl_talk_dump(talk, request, on_filter, &listing);
	/* Filters came or went meanwhile; what was shown is good enough, and an event will have us ask again. */
	return result == -EINTR ? 0 : result;
}

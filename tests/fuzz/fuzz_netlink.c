/*
 * Any bytes as what the kernel says: events, filters, connections, the verdict on a request; and as a frame that claims
 * an address. What is told on must be whole: names end, addresses have their family's size.
 */
#include <assert.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nl_claims.h"
#include "netlink/nl_monitor.h"
#include "netlink/nl_sockdiag.h"
#include "netlink/nl_tc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned told;

static void on_event(void *user, const struct nl_event *event)
{
	assert(user == &told);
	told++;
	assert(memchr(event->name, '\0', sizeof(event->name)) != NULL);
	switch (event->type) {
	case NL_EVENT_ADDR:
		assert(vrrp_addr_size(&event->addr) != 0);
		break;
	case NL_EVENT_LINK:
	case NL_EVENT_TC:
		assert(event->addr.family == 0);
		break;
	case NL_EVENT_OVERRUN:
	default:
		assert(!"not in a datagram");
	}
}

static void on_filter(void *user, const struct nl_tc_filter *filter)
{
	assert(user == &told);
	told++;
	assert(memchr(filter->name, '\0', sizeof(filter->name)) != NULL);
}

static void as_datagram(const void *datagram, size_t size)
{
	int events;
	int found;

	told = 0;
	events = nl_monitor_read(datagram, size, on_event, &told);
	assert(events >= 0 && (unsigned)events == told);
	told = 0;
	nl_tc_read(datagram, size, on_filter, &told);
	assert(told <= size / sizeof(struct nlmsghdr));
	found = nl_sockdiag_read(datagram, size);
	assert(found >= 0 && (size_t)found <= size / sizeof(struct nlmsghdr));
	(void)nl_talk_verdict(1, datagram, size);
}

static void as_frame(const uint8_t *frame, size_t size)
{
	static const uint8_t own[6] = { 2, 0, 0, 0, 0, 1 };
	static const struct vrrp_addr addrs[] = { { 4, { 10, 0, 0, 10 } }, { 6, { 0x20, 1, 0x0d, 0xb8 } } };
	struct nl_claim claim = { .ifindex = 1 };

	if (nl_claims_parse(frame, size, own, addrs, VRRP_ARRAY_LENGTH(addrs), &claim)) {
		assert(claim.addr.family == 4 || claim.addr.family == 6);
		assert(memcmp(claim.mac, own, sizeof(own)) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *datagram = malloc(size > 0 ? size : 1); /* aligned, and reading behind the end is seen */

	assert(datagram != NULL);
	memcpy(datagram, data, size);
	as_datagram(datagram, size);
	as_frame(datagram, size);
	free(datagram);
	return 0;
}

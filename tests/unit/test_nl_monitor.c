/*
 * Links and their events: what the kernel tells when a link, an address or a filter comes or goes, and when it has told
 * too much at once.
 */
#include "tests/unit/test_nl_lab.h"

#include <linux/netlink.h>

#include "netlink/nl_link.h"
#include "netlink/nl_monitor.h"

#define EVENTS_MAX 4096

static struct nl_event events[EVENTS_MAX];
static size_t event_count;

static void collect(void *user, const struct nl_event *event)
{
	assert_ptr_equal(user, &event_count);
	assert_true(event_count < EVENTS_MAX);
	events[event_count++] = *event;
}

static struct nl_monitor *open_monitor(void)
{
	struct nl_monitor *monitor = NULL;
	struct vip_err err;

	if (nl_monitor_open(&monitor, &err) < 0) {
		fail_msg("%s", err.text);
	}
	event_count = 0;
	return monitor;
}

static void run(struct nl_monitor *monitor)
{
	int count = nl_monitor_run(monitor, collect, &event_count, NULL);

	assert_true(count >= 0);
}

static bool has_link(const char *name, bool carrier, bool removed)
{
	for (size_t i = 0; i < event_count; i++) {
		if (events[i].type == NL_EVENT_LINK && strcmp(events[i].name, name) == 0 &&
			events[i].carrier == carrier && events[i].removed == removed) {
			return true;
		}
	}
	return false;
}

static bool has_addr(const char *address, bool removed)
{
	struct vrrp_addr addr = lab_addr(address);

	for (size_t i = 0; i < event_count; i++) {
		if (events[i].type == NL_EVENT_ADDR && memcmp(&events[i].addr, &addr, sizeof(addr)) == 0 &&
			events[i].ifindex == lab.host_ifindex && events[i].removed == removed) {
			return true;
		}
	}
	return false;
}

static bool has_tc(int ifindex, bool removed)
{
	for (size_t i = 0; i < event_count; i++) {
		if (events[i].type == NL_EVENT_TC && events[i].ifindex == ifindex && events[i].removed == removed) {
			return true;
		}
	}
	return false;
}

static void links_come_go_and_lose_their_carrier(void **state)
{
	struct nl_monitor *monitor;

	(void)state;
	LAB_NEEDED();
	monitor = open_monitor();
	assert_false(lab_wait_readable(nl_monitor_fd(monitor), 0));
	assert_int_equal(nl_monitor_run(monitor, collect, &event_count, NULL), 0);
	lab_enter(lab.peer);
	lab_sh("ip link set p0 down");
	lab_enter(lab.host);
	LAB_UNTIL((run(monitor), has_link("h0", false, false)));
	event_count = 0;
	lab_enter(lab.peer);
	lab_sh("ip link set p0 up");
	lab_enter(lab.host);
	LAB_UNTIL((run(monitor), has_link("h0", true, false)));
	lab_sh("ip link add v0 type veth peer name v1");
	LAB_UNTIL((run(monitor), has_link("v0", false, false)));
	lab_sh("ip link del v0");
	LAB_UNTIL((run(monitor), has_link("v0", false, true)));
	nl_monitor_close(monitor);
}

static void addresses_come_and_go(void **state)
{
	struct nl_monitor *monitor;

	(void)state;
	LAB_NEEDED();
	monitor = open_monitor();
	lab_sh("ip addr add " FLOAT4 "/24 dev h0 && ip addr add " FLOAT6 "/64 dev h0 nodad");
	LAB_UNTIL((run(monitor), has_addr(FLOAT4, false) && has_addr(FLOAT6, false)));
	assert_false(has_addr(FLOAT4, true));
	lab_sh("ip addr del " FLOAT4 "/24 dev h0 && ip addr del " FLOAT6 "/64 dev h0");
	LAB_UNTIL((run(monitor), has_addr(FLOAT4, true) && has_addr(FLOAT6, true)));
	nl_monitor_close(monitor);
}

static void somebody_removes_the_qdisc(void **state)
{
	struct nl_monitor *monitor;

	(void)state;
	LAB_NEEDED();
	monitor = open_monitor();
	lab_sh("tc qdisc add dev h0 clsact");
	LAB_UNTIL((run(monitor), has_tc(lab.host_ifindex, false)));
	assert_false(has_tc(lab.host_ifindex, true));
	lab_sh("tc qdisc del dev h0 clsact");
	LAB_UNTIL((run(monitor), has_tc(lab.host_ifindex, true)));
	event_count = 0;
	lab_sh("tc qdisc add dev h0 clsact && tc filter add dev h0 egress bpf bytecode '1,6 0 0 0,'");
	lab_sh("tc filter del dev h0 egress");
	LAB_UNTIL((run(monitor), has_tc(lab.host_ifindex, true)));
	lab_sh("tc qdisc del dev h0 clsact");
	nl_monitor_close(monitor);
}

static void a_run_is_bounded(void **state)
{
	struct nl_monitor *monitor;

	(void)state;
	LAB_NEEDED();
	monitor = open_monitor();
	for (int i = 0; i < NL_MONITOR_MESSAGES_MAX; i++) {
		lab_sh("ip addr add " FLOAT4 "/24 dev h0 && ip addr del " FLOAT4 "/24 dev h0");
	}
	assert_in_range(nl_monitor_run(monitor, collect, &event_count, NULL), 1, NL_MONITOR_MESSAGES_MAX);
	assert_true(lab_wait_readable(nl_monitor_fd(monitor), 0)); /* so the loop comes back for the rest */
	LAB_UNTIL((run(monitor), event_count >= 2 * NL_MONITOR_MESSAGES_MAX));
	nl_monitor_close(monitor);
}

static void an_overrun_is_told_once_and_it_goes_on(void **state)
{
	struct nl_monitor *monitor;
	int small = 1;
	size_t overruns = 0;

	(void)state;
	LAB_NEEDED();
	monitor = open_monitor();
	assert_int_equal(setsockopt(nl_monitor_fd(monitor), SOL_SOCKET, SO_RCVBUFFORCE, &small, sizeof(small)), 0);
	for (int i = 0; i < 20; i++) {
		lab_sh("ip addr add " FLOAT4 "/24 dev h0 && ip addr del " FLOAT4 "/24 dev h0");
	}
	run(monitor);
	for (size_t i = 0; i < event_count; i++) {
		overruns += events[i].type == NL_EVENT_OVERRUN;
	}
	assert_int_equal(overruns, 1);
	lab_sh("ip addr add " FLOAT4 "/24 dev h0");
	LAB_UNTIL((run(monitor), has_addr(FLOAT4, false)));
	lab_sh("ip addr del " FLOAT4 "/24 dev h0");
	nl_monitor_close(monitor);
}

static void count_event(void *user, const struct nl_event *event)
{
	(void)event;
	++*(unsigned *)user;
}

/* libmnl alone would take 0xffffffff for -1 and go round for ever. */
static void lengths_that_cannot_be_are_no_messages(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t link[32] = { 32, 0, 0, 0, 16 }; /* RTM_NEWLINK */
	unsigned count = 0;

	(void)state;
	assert_int_equal(nl_monitor_read(link, sizeof(link), count_event, &count), 1);
	memset(link, 0xff, 4);
	assert_int_equal(nl_monitor_read(link, sizeof(link), count_event, &count), 0);
	memset(link, 0, 4);
	assert_int_equal(nl_monitor_read(link, sizeof(link), count_event, &count), 0);
	link[0] = 33;
	assert_int_equal(nl_monitor_read(link, sizeof(link), count_event, &count), 0);
	assert_int_equal(nl_monitor_read(link, 15, count_event, &count), 0);
	assert_int_equal(count, 1);
}

static void forged_messages_are_not_believed(void **state)
{
	/* RTM_DELLINK of interface 1, from a process instead of the kernel */
	static const char hex[] = "20000000 1100 0000 00000000 00000000 00000000 01000000 00000000 00000000";
	struct nl_monitor *monitor;
	struct sockaddr_nl to = { 0 };
	socklen_t size = sizeof(to);
	uint8_t message[64];
	size_t bytes = lab_hex(hex, message, sizeof(message));
	int fd;

	(void)state;
	LAB_NEEDED();
	monitor = open_monitor();
	assert_int_equal(getsockname(nl_monitor_fd(monitor), (struct sockaddr *)&to, &size), 0);
	to.nl_groups = 0;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, message, bytes, 0, (struct sockaddr *)&to, sizeof(to)), bytes);
	assert_true(lab_wait_readable(nl_monitor_fd(monitor), LAB_DEADLINE_MS));
	run(monitor);
	for (size_t i = 0; i < event_count; i++) {
		assert_false(events[i].type == NL_EVENT_LINK && events[i].ifindex == 1);
	}
	(void)close(fd);
	nl_monitor_close(monitor);
}

static void a_list_of_links(void **state)
{
	struct nl_link *links;
	struct nl_link link;
	struct vip_err err = { "" };
	size_t count;

	(void)state;
	LAB_NEEDED();
	assert_int_equal(nl_link_list(&links, &count, NULL), 0);
	assert_true(count >= 2);
	free(links);
	assert_int_equal(nl_link_get("h0", &link, NULL), 0);
	assert_int_equal(link.ifindex, lab.host_ifindex);
	assert_memory_equal(link.mac, lab_host_mac, 6);
	assert_true(link.up && link.carrier && link.is_ethernet && !link.is_loopback);
	assert_int_equal(nl_link_get_by_index(lab.host_ifindex, &link, NULL), 0);
	assert_string_equal(link.name, "h0");
	assert_int_equal(nl_link_get("lo", &link, NULL), 0);
	assert_true(link.is_loopback && !link.is_ethernet);
	lab_sh("ip link set h0 down");
	assert_int_equal(nl_link_get("h0", &link, NULL), 0);
	assert_false(link.up || link.carrier);
	lab_sh("ip link set h0 up");
	assert_int_equal(nl_link_get("no such %s", &link, &err), -ENODEV);
	assert_non_null(strstr(err.text, "no such %s"));
	assert_int_equal(nl_link_get_by_index(9999, &link, NULL), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_come_go_and_lose_their_carrier),
		cmocka_unit_test(addresses_come_and_go),
		cmocka_unit_test(somebody_removes_the_qdisc),
		cmocka_unit_test(a_run_is_bounded),
		cmocka_unit_test(an_overrun_is_told_once_and_it_goes_on),
		cmocka_unit_test(lengths_that_cannot_be_are_no_messages),
		cmocka_unit_test(forged_messages_are_not_believed),
		cmocka_unit_test(a_list_of_links),
	};

	return cmocka_run_group_tests_name("links and events", tests, lab_up, NULL);
}

/*
 * Floating addresses come, are refreshed and expire by themselves; the host's own addresses and routes take no harm.
 */
#include "tests/unit/test_nl_lab.h"

#include "netlink/nl_addr.h"
#include "netlink/nl_monitor.h"

static struct nl_addr_ctx *ctx;

static int addr_up(void **state)
{
	if (lab_up(state) == 0 && lab.is_up) {
		assert_int_equal(nl_addr_open(&ctx, NULL), 0);
	}
	return 0;
}

static int addr_down(void **state)
{
	(void)state;
	nl_addr_close(ctx);
	return 0;
}

/* Whether `command` prints a line in which the word stands. */
static bool prints(const char *command, const char *word)
{
	char line[512];
	bool is_found = false;
	FILE *out = popen(command, "r");

	assert_non_null(out);
	while (fgets(line, sizeof(line), out) != NULL) {
		is_found = is_found || strstr(line, word) != NULL;
	}
	assert_int_equal(pclose(out), 0);
	return is_found;
}

static void set(const char *address, unsigned prefix_len, uint32_t valid_lft_s)
{
	struct vrrp_addr addr = lab_addr(address);
	struct vip_err err;

	if (nl_addr_set(ctx, lab.host_ifindex, &addr, prefix_len, NULL, valid_lft_s, &err) < 0) {
		fail_msg("%s", err.text);
	}
}

static bool find(const char *address, struct nl_addr_found *ret_found)
{
	struct vrrp_addr addr = lab_addr(address);
	int found = nl_addr_find(ctx, &addr, ret_found, NULL);

	assert_true(found == 0 || found == 1);
	return found == 1;
}

static void del(const char *address, unsigned prefix_len)
{
	struct vrrp_addr addr = lab_addr(address);

	assert_int_equal(nl_addr_del(ctx, lab.host_ifindex, &addr, prefix_len, NULL), 0);
}

static void set_refresh_and_delete(const char *address, unsigned prefix_len)
{
	struct nl_addr_found found;

	assert_false(find(address, &found));
	set(address, prefix_len, 100);
	assert_true(find(address, &found));
	assert_int_equal(found.ifindex, lab.host_ifindex);
	assert_int_equal(found.prefix_len, prefix_len);
	assert_in_range(found.valid_lft_s, 90, 100);
	set(address, prefix_len, 5000);
	assert_true(find(address, &found));
	assert_in_range(found.valid_lft_s, 4900, 5000);
	del(address, prefix_len);
	assert_false(find(address, &found));
	del(address, prefix_len); /* absent already: fine */
}

static void set_refresh_delete(void **state)
{
	(void)state;
	LAB_NEEDED();
	set_refresh_and_delete(FLOAT4, 24);
	set_refresh_and_delete(FLOAT4, 32);
	set_refresh_and_delete(FLOAT6, 64);
	set_refresh_and_delete(FLOAT6, 128);
	set_refresh_and_delete("192.168.77.10", 24); /* a subnet that the host does not have */
}

static void flags_and_label(void **state)
{
	struct vrrp_addr addr = lab_addr(FLOAT4);
	struct nl_addr_found found;
	struct vip_err err = { "" };

	(void)state;
	LAB_NEEDED();
	set(FLOAT6, 64, 100);
	assert_true(find(FLOAT6, &found));
	assert_true(found.deprecated); /* nobody takes it as a source by itself */
	assert_true(prints("ip -6 addr show dev h0", FLOAT6 "/64 scope global nodad deprecated dynamic noprefixroute"));
	assert_int_equal(nl_addr_set(ctx, lab.host_ifindex, &addr, 24, "h0:pg", 100, NULL), 0);
	assert_true(find(FLOAT4, &found));
	assert_false(found.deprecated);
	assert_true(prints("ip addr show dev h0", "scope global secondary dynamic noprefixroute h0:pg"));
	assert_int_equal(nl_addr_set(ctx, lab.host_ifindex, &addr, 24, "h0:much-too-long-for-it", 100, &err), -EINVAL);
	assert_non_null(strstr(err.text, "h0:much-too-long"));
	assert_true(prints("ip route get " PEER4, "src " HOST4));
	assert_true(prints("ip route get " PEER6, "src " HOST6));
	del(FLOAT4, 24);
	del(FLOAT6, 64);
}

static void they_expire_and_the_subnets_route_stays(void **state)
{
	struct nl_addr_found found;

	(void)state;
	LAB_NEEDED();
	set(FLOAT4, 24, 100);
	set(FLOAT6, 64, 100);
	set(FLOAT4, 24, 1); /* refreshed down to one second */
	set(FLOAT6, 64, 1);
	assert_false(prints("ip -6 route show fd77::/64", "expires"));
	LAB_UNTIL(!find(FLOAT4, &found));
	LAB_UNTIL(!find(FLOAT6, &found));
	assert_true(prints("ip route show 10.77.0.0/24", "10.77.0.0/24"));
	assert_true(prints("ip -6 route show fd77::/64", "fd77::/64"));
	assert_false(prints("ip -6 route show fd77::/64", "expires"));
	assert_true(find(HOST4, &found));
	assert_int_equal(found.valid_lft_s, NL_ADDR_FOREVER);
}

static void two_in_a_subnet_of_their_own_keep_its_route(void **state)
{
	(void)state;
	LAB_NEEDED();
	set("fd88::10", 64, 100);
	set("fd88::11", 64, 100);
	set("fd88::10", 64, 5000);
	assert_true(prints("ip -6 route show fd88::/64", "expires 5000sec") ||
		    prints("ip -6 route show fd88::/64", "expires 49")); /* refreshed with its address */
	del("fd88::11", 64);
	assert_true(prints("ip -6 route show fd88::/64", "fd88::/64"));
	del("fd88::10", 64);
}

static void purge_takes_it_off_every_interface(void **state)
{
	struct vrrp_addr addr = lab_addr(FLOAT4);
	struct nl_addr_found found;

	(void)state;
	LAB_NEEDED();
	lab_sh("ip link add d0 type veth peer name d1 && ip addr add " FLOAT4 "/32 dev d0");
	set(FLOAT4, 24, 100);
	set(FLOAT4, 32, 100);
	assert_int_equal(nl_addr_purge(ctx, &addr, NULL), 3);
	assert_false(find(FLOAT4, &found));
	assert_int_equal(nl_addr_purge(ctx, &addr, NULL), 0);
	lab_sh("ip link del d0");
}

static void what_the_interface_speaks_with(void **state)
{
	struct vrrp_addr host = lab_addr(HOST4);
	struct vrrp_addr addr;

	(void)state;
	LAB_NEEDED();
	set("10.99.0.1", 32, 100); /* a floating one is none */
	assert_int_equal(nl_addr_primary(ctx, lab.host_ifindex, 4, &addr, NULL), 0);
	assert_memory_equal(addr.bytes, host.bytes, 4);
	assert_int_equal(nl_addr_primary(ctx, lab.host_ifindex, 6, &addr, NULL), 0);
	assert_int_equal(addr.bytes[0], 0xfe);
	assert_int_equal(addr.bytes[1], 0x80);
	del("10.99.0.1", 32);
	lab_sh("ip link add d0 type veth peer name d1 && ip addr add 10.98.0.1/24 valid_lft 900 preferred_lft 900 dev "
	       "d0");
	host = lab_addr("10.98.0.1"); /* from DHCP: the only one */
	assert_int_equal(nl_addr_primary(ctx, (int)if_nametoindex("d0"), 4, &addr, NULL), 0);
	assert_memory_equal(addr.bytes, host.bytes, 4);
	lab_sh("ip addr add 10.98.1.1/24 dev d0");
	host = lab_addr("10.98.1.1"); /* a permanent one goes before it */
	assert_int_equal(nl_addr_primary(ctx, (int)if_nametoindex("d0"), 4, &addr, NULL), 0);
	assert_memory_equal(addr.bytes, host.bytes, 4);
	assert_int_equal(nl_addr_primary(ctx, (int)if_nametoindex("d0"), 6, &addr, NULL), -EADDRNOTAVAIL);
	lab_sh("ip link del d0");
}

static void failures_say_what_was_tried(void **state)
{
	struct vrrp_addr addr = lab_addr(FLOAT4);
	struct vip_err err = { "" };
	struct nl_addr_found found;

	(void)state;
	LAB_NEEDED();
	assert_int_equal(nl_addr_set(ctx, 9999, &addr, 24, NULL, 5, &err), -ENODEV);
	assert_non_null(strstr(err.text, FLOAT4 "/24"));
	assert_non_null(strstr(err.text, "9999"));
	assert_int_equal(nl_addr_del(ctx, 9999, &addr, 24, &err), 0);
	assert_false(find(FLOAT4, &found)); /* and the socket still works */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_refresh_delete),
		cmocka_unit_test(flags_and_label),
		cmocka_unit_test(they_expire_and_the_subnets_route_stays),
		cmocka_unit_test(two_in_a_subnet_of_their_own_keep_its_route),
		cmocka_unit_test(purge_takes_it_off_every_interface),
		cmocka_unit_test(what_the_interface_speaks_with),
		cmocka_unit_test(failures_say_what_was_tried),
	};

	return cmocka_run_group_tests_name("addresses", tests, addr_up, addr_down);
}

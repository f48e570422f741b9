/*
 * The gate under other circumstances: few privileges, none, a time namespace, a link without an Ethernet header.
 */
#include "tests/unit/test_nl_gate_lab.h"

#include <linux/capability.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Runs in a child; the parent expects it to end with 0. */
static void in_a_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failure ends the child, not the parent's test */
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_link_without_a_link_header(void **state)
{
	/* IPv4, UDP, from 10.77.0.2 to the address, and the way back */
	static const char to[] = "4500001c00000000401100000a4d00020a4d000a 0001000100080000";
	static const char from[] = "4500001c00000000401100000a4d000a0a4d0002 0001000100080000";
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "tun0" };
	struct nl_gate *gate;
	uint8_t packet[64];
	size_t size = lab_hex(to, packet, sizeof(packet));
	struct nl_gate_reading reading;
	int tun;
	int raw;

	(void)state;
	LAB_NEEDED();
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0) {
		skip();
	}
	lab_sh("ip link set tun0 up");
	gate = open_gate(VRID, FLOAT4);
	assert_int_equal(nl_gate_attach(gate, (int)if_nametoindex("tun0"), NULL), 0);
	assert_int_equal(write(tun, packet, size), size);
	LAB_UNTIL(drops_in(gate) == 1);
	raw = lab_packet_socket((int)if_nametoindex("tun0"), 0);
	{
		struct sockaddr_ll where = { .sll_family = AF_PACKET,
			.sll_protocol = htons(0x0800),
			.sll_ifindex = (int)if_nametoindex("tun0") };

		size = lab_hex(from, packet, sizeof(packet));
		assert_int_equal(sendto(raw, packet, size, 0, (struct sockaddr *)&where, sizeof(where)), -1);
		assert_int_equal(errno, ENOBUFS);
		assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
		assert_int_equal(reading.address[0].dropped_out, 1);
		nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
		assert_int_equal(sendto(raw, packet, size, 0, (struct sockaddr *)&where, sizeof(where)), size);
	}
	size = lab_hex(to, packet, sizeof(packet));
	assert_int_equal(write(tun, packet, size), size);
	assert_int_equal(drops_in(gate), 1);
	(void)close(raw);
	(void)close(tun);
	nl_gate_close(gate);
}

static void drop_capabilities(const int *kept, size_t count)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	for (size_t i = 0; i < count; i++) {
		data[kept[i] / 32].effective |= 1u << kept[i] % 32;
		data[kept[i] / 32].permitted |= 1u << kept[i] % 32;
	}
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void with_the_daemons_capabilities(void)
{
	static const int kept[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF };
	struct vrrp_time before, after, kernel;
	struct nl_gate *gate;

	drop_capabilities(kept, VRRP_ARRAY_LENGTH(kept));
	gate = open_gate(VRID, FLOAT4);
	assert_false(nl_gate_is_adopted(gate)); /* that would need CAP_SYS_ADMIN */
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	attach(gate);
	before = lab_now();
	assert_int_equal(nl_gate_clock(gate, &kernel, NULL), 0);
	after = lab_now();
	assert_int_equal(nl_gate_clock_check(before, kernel, after, NULL), 0);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	nl_gate_close(gate);
}

static void without_capabilities(void)
{
	struct vrrp_addr addr = lab_addr(FLOAT4);
	struct nl_gate *gate;
	struct vip_err err = { "" };

	drop_capabilities(NULL, 0);
	assert_int_equal(nl_gate_open(VRID, &addr, 1, &gate, &err), -EPERM);
	assert_non_null(strstr(err.text, "CAP_BPF"));
}

static void the_daemons_capabilities_suffice(void **state)
{
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	attach(gate);
	assert_shut(gate);
	in_a_child(with_the_daemons_capabilities); /* replaces that one, open from its first moment */
	assert_true(ping(FLOAT4, LAB_DEADLINE_MS));
	in_a_child(without_capabilities);
	nl_gate_close(gate);
}

static void look_at_the_clock(void)
{
	struct nl_gate *gate = open_gate(VRID, FLOAT4);
	struct vrrp_time before = lab_now();
	struct vrrp_time kernel;
	struct vip_err err = { "" };

	assert_int_equal(nl_gate_clock(gate, &kernel, NULL), 0);
	assert_int_equal(nl_gate_clock_check(before, kernel, lab_now(), &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "time namespace"));
	nl_gate_close(gate);
}

static void shift_the_clock(void)
{
	int fd;

	assert_int_equal(unshare(CLONE_NEWTIME), 0);
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && write(fd, "boottime 0 100000000\n", 21) == 21);
	(void)close(fd);
	in_a_child(look_at_the_clock); /* only children live in the new time namespace */
}

static void a_time_namespace_is_noticed(void **state)
{
	(void)state;
	LAB_NEEDED();
	if (access("/proc/self/timens_offsets", F_OK) < 0) {
		skip(); /* a kernel without time namespaces */
	}
	in_a_child(shift_the_clock);
}

static void clocks_are_compared_inclusively(void **state)
{
	const struct vrrp_time a = { 1000 }, b = { 1001 }, c = { 1002 };

	(void)state;
	assert_int_equal(nl_gate_clock_check(a, a, a, NULL), 0);
	assert_int_equal(nl_gate_clock_check(a, b, c, NULL), 0);
	assert_int_equal(nl_gate_clock_check(b, a, c, NULL), -ENOTSUP);
	assert_int_equal(nl_gate_clock_check(a, c, b, NULL), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_link_without_a_link_header, remove_gates),
		cmocka_unit_test_teardown(the_daemons_capabilities_suffice, remove_gates),
		cmocka_unit_test_teardown(a_time_namespace_is_noticed, remove_gates),
		cmocka_unit_test_teardown(clocks_are_compared_inclusively, remove_gates),
	};

	return cmocka_run_group_tests_name("gate's circumstances", tests, life_up, NULL);
}

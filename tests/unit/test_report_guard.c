/*
 * A flood in a peer's name (attacks.md E): what carries an incarnation that is believed is all heard, of the rest a
 * share, everything is counted, and a calm socket has no filter. Windows are driven by the test, packets are real.
 */
#include "tests/unit/test_nl_lab.h"

#include "vipd/report_guard.h"

#define PORT 31121
#define BYTES 100
#define BUFFER (4 << 20)
#define OLD UINT64_C(0x1122334455667788)
#define NEW UINT64_C(0x99aabbccddeeff00)
#define HIGH_ALIKE UINT64_C(0x1122334499999999) /* the upper half is OLD's */
#define LOW_ALIKE UINT64_C(0x9999999955667788)

static struct report_guard guard;
static int receiver = -1;
static int sender = -1;
static struct vrrp_time now;
static uint64_t sent_all;
static uint64_t read_sum;

static int udp_socket(int ns, const char *local, const char *peer)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in to = from;
	int buffer = BUFFER;
	int fd;

	lab_enter(ns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0 && inet_pton(AF_INET, local, &from.sin_addr) == 1 &&
		    inet_pton(AF_INET, peer, &to.sin_addr) == 1);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	lab_enter(lab.host);
	return fd;
}

static int open_sockets(void **state)
{
	(void)state;
	memset(&guard, 0, sizeof(guard));
	now = (struct vrrp_time){ 1000000 };
	sent_all = 0;
	read_sum = 0;
	if (lab.is_up) {
		receiver = udp_socket(lab.host, HOST4, PEER4);
		sender = udp_socket(lab.peer, PEER4, HOST4);
		report_guard_look(&guard, receiver, now);
	}
	return 0;
}

static int close_sockets(void **state)
{
	(void)state;
	if (lab.is_up) {
		(void)close(receiver);
		(void)close(sender);
	}
	return 0;
}

/* count packets with this incarnation where a report has it, of so many bytes. */
static void send_some(unsigned count, uint64_t incarnation, size_t bytes)
{
	uint8_t packet[BYTES] = { 0 };

	for (unsigned i = 0; i < 8; i++) {
		packet[16 + i] = (uint8_t)(incarnation >> (56 - 8 * i));
	}
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(send(sender, packet, bytes, 0), bytes);
	}
	sent_all += count;
}

/* Reads until everything that was sent is accounted for: a loaded machine delivers later. */
static unsigned read_all(void)
{
	int64_t end_us = lab_now().us + LAB_DEADLINE_MS * VRRP_US_PER_MS;
	uint8_t packet[BYTES];
	unsigned count = 0;

	for (;;) {
		while (recv(receiver, packet, sizeof(packet), 0) >= 0) {
			report_guard_count(&guard);
			count++;
		}
		if (read_sum + count + report_guard_dropped(&guard, receiver) == sent_all) {
			read_sum += count;
			return count;
		}
		assert_true(lab_now().us < end_us);
	}
}

/* The next window's end, with so many packets read in this one. */
static void next_window(uint64_t read)
{
	guard.read = read;
	now = vrrp_time_add(now, REPORT_GUARD_WINDOW_US);
	report_guard_look(&guard, receiver, now);
}

/* Of so many packets of an incarnation, those that pass. */
static unsigned passes(unsigned count, uint64_t incarnation)
{
	send_some(count, incarnation, BYTES);
	return read_all();
}

static void a_calm_socket_hears_everything(void **state)
{
	(void)state;
	LAB_NEEDED();
	report_guard_believe(&guard, receiver, 51, OLD);
	next_window(REPORT_GUARD_ON - 1);
	assert_false(guard.on);
	assert_int_equal(passes(100, NEW), 100);
	assert_int_equal(report_guard_dropped(&guard, receiver), 0);
}

static void who_is_believed_is_heard_in_a_flood_and_the_rest_is_thinned_out(void **state)
{
	unsigned others;

	(void)state;
	LAB_NEEDED();
	report_guard_believe(&guard, receiver, 51, OLD);
	report_guard_believe(&guard, receiver, 52, NEW);
	next_window(REPORT_GUARD_SAMPLE * 16ULL); /* one of 16 */
	assert_true(guard.on);
	assert_int_equal(passes(200, OLD), 200);
	assert_int_equal(passes(200, NEW), 200);
	others = passes(800, HIGH_ALIKE) + passes(800, LOW_ALIKE);
	send_some(1600, 0, 20); /* ends before the incarnation does */
	others += read_all();
	send_some(1600, 0, 1);
	others += read_all();
	assert_in_range(others, 150, 450); /* 300 are expected, 17 is their deviation */
	assert_int_equal(report_guard_dropped(&guard, receiver), sent_all - 400 - others);
}

static void a_peer_that_was_started_anew_is_heard_once_it_is_believed(void **state)
{
	(void)state;
	LAB_NEEDED();
	report_guard_believe(&guard, receiver, 51, OLD);
	next_window(REPORT_GUARD_SAMPLE * 100000ULL);
	assert_int_equal(guard.share, REPORT_GUARD_SHARE_MIN);
	assert_true(passes(100, NEW) < 10);
	assert_true(passes(REPORT_GUARD_SHARE_MIN * 10, NEW) > 0); /* all are lost once in 20,000 runs */
	report_guard_believe(&guard, receiver, 51, NEW);
	assert_int_equal(passes(100, NEW), 100);
	assert_true(passes(100, OLD) < 10);
}

static void the_share_follows_the_flood(void **state)
{
	(void)state;
	LAB_NEEDED();
	next_window(REPORT_GUARD_ON);
	assert_true(guard.on);
	assert_int_equal(guard.share, REPORT_GUARD_ON / REPORT_GUARD_SAMPLE);
	/* What the filter dropped counts as come: else the guard would call its own success calm. */
	(void)passes(20 * REPORT_GUARD_ON, OLD);
	next_window(0);
	assert_true(guard.on);
	assert_true(guard.share > 50);
}

static void it_is_off_when_it_is_calm(void **state)
{
	(void)state;
	LAB_NEEDED();
	report_guard_believe(&guard, receiver, 51, OLD);
	next_window(REPORT_GUARD_SAMPLE * 100000ULL);
	for (unsigned i = 1; i < REPORT_GUARD_CALM; i++) {
		next_window(REPORT_GUARD_ON - 1);
		assert_true(guard.on);
	}
	next_window(REPORT_GUARD_ON); /* not yet */
	for (unsigned i = 0; i < REPORT_GUARD_CALM; i++) {
		assert_true(guard.on);
		next_window(0);
	}
	assert_false(guard.on);
	assert_int_equal(passes(100, NEW), 100);
}

static void as_many_instances_as_there_can_be(void **state)
{
	(void)state;
	LAB_NEEDED();
	for (unsigned i = 0; i < CONFIG_INSTANCES_MAX; i++) {
		report_guard_believe(&guard, receiver, (uint8_t)(i + 1), OLD + i);
	}
	report_guard_believe(&guard, receiver, 200, NEW); /* one too many: not known, not harmful */
	next_window(REPORT_GUARD_SAMPLE * 100000ULL);
	assert_true(guard.on);
	for (unsigned i = 0; i < CONFIG_INSTANCES_MAX; i++) {
		assert_int_equal(passes(10, OLD + i), 10);
	}
	assert_true(passes(100, NEW) < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_calm_socket_hears_everything, open_sockets, close_sockets),
		cmocka_unit_test_setup_teardown(
			who_is_believed_is_heard_in_a_flood_and_the_rest_is_thinned_out, open_sockets, close_sockets),
		cmocka_unit_test_setup_teardown(
			a_peer_that_was_started_anew_is_heard_once_it_is_believed, open_sockets, close_sockets),
		cmocka_unit_test_setup_teardown(the_share_follows_the_flood, open_sockets, close_sockets),
		cmocka_unit_test_setup_teardown(it_is_off_when_it_is_calm, open_sockets, close_sockets),
		cmocka_unit_test_setup_teardown(as_many_instances_as_there_can_be, open_sockets, close_sockets),
	};

	return cmocka_run_group_tests_name("report_guard", tests, lab_up, NULL);
}

/*
 * The log: the form of its lines, escaping, levels; that a reader who does not read never holds up who logs, and that
 * lines lost to him are counted and told; the journal's stream is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vipd/log.h"
#include "vipd/log_ring.h"

#define DEADLINE_MS 10000

static int saved_stderr;
static int reader; /* the other end of stderr */

static int64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int pipe_as_stderr(void **state)
{
	int fds[2];

	(void)state;
	if (pipe(fds) < 0) {
		return -1;
	}
	saved_stderr = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	reader = fds[0];
	return 0;
}

static int stderr_back(void **state)
{
	(void)state;
	log_close();
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(reader);
	return 0;
}

/* Appends what can be read to text until `until` stands in it; fails after the deadline (to stdout: stderr is ours). */
static void read_until(char *text, size_t size, const char *until)
{
	int64_t deadline = now_us(CLOCK_MONOTONIC) + DEADLINE_MS * 1000;
	size_t len = strlen(text);

	while (strstr(text, until) == NULL) {
		struct pollfd pollfd = { .fd = reader, .events = POLLIN };
		ssize_t got = 0;

		if (now_us(CLOCK_MONOTONIC) > deadline || len + 1 >= size) {
			print_message("# \"%s\" was not read within %d ms\n", until, DEADLINE_MS);
			fail();
		}
		if (poll(&pollfd, 1, 100) > 0) {
			got = read(reader, text + len, size - 1 - len);
		}
		len += got > 0 ? (size_t)got : 0;
		text[len] = '\0';
	}
}

static void a_line_is_time_level_instance_and_sentence(void **state)
{
	char text[1024] = "";
	int64_t before = now_us(CLOCK_BOOTTIME);
	long long seconds;
	long micros;
	int end = 0;

	(void)state;
	assert_int_equal(log_open(LOG_TO_STDERR, LOG_IS_INFO, NULL), 0);
	log_notice("orders", "Entering %s STATE", "MASTER");
	log_write(LOG_IS_ERR, NULL, NULL, 0, "%s", "no instance");
	read_until(text, sizeof(text), "no instance\n");
	assert_int_equal(
		sscanf(text, "%lld.%6ld notice orders: Entering MASTER STATE\n%n", &seconds, &micros, &end), 2);
	assert_true(end > 0 && text[strcspn(text, " ") - 7] == '.');
	assert_in_range((uint64_t)(seconds * 1000000 + micros), (uint64_t)before, (uint64_t)now_us(CLOCK_BOOTTIME));
	assert_non_null(strstr(text + end, " err vipd: no instance\n"));
}

static void levels_choose_what_is_written(void **state)
{
	char text[1024] = "";
	enum log_priority level;

	(void)state;
	assert_int_equal(log_open(LOG_TO_STDERR, LOG_IS_WARNING, NULL), 0);
	log_notice("o", "one");
	log_level_set(LOG_IS_DEBUG);
	log_debug("o", "two");
	log_level_set(LOG_IS_ERR);
	assert_false(log_enabled(LOG_IS_WARNING));
	log_warning("o", "three");
	log_err("o", "four");
	read_until(text, sizeof(text), "four\n");
	assert_null(strstr(text, "one"));
	assert_non_null(strstr(text, "debug o: two\n"));
	assert_null(strstr(text, "three"));
	assert_int_equal(log_priority_parse("notice", &level), 0);
	assert_int_equal(level, LOG_IS_NOTICE);
	assert_int_equal(log_priority_parse("loud", &level), -EINVAL);
}

static void text_from_outside_stays_in_its_line(void **state)
{
	static char text[2 * LOG_LINE_MAX] = "";
	static char large[2 * LOG_LINE_MAX];

	(void)state;
	assert_int_equal(log_open(LOG_TO_STDERR, LOG_IS_INFO, NULL), 0);
	log_notice("o", "it said %s", "%s%n\n12345.000000 notice o: Entering MASTER STATE\033[2J");
	memset(large, 'x', sizeof(large) - 1);
	log_notice("o", "%s", large);
	log_notice("o", "last");
	read_until(text, sizeof(text), "o: last\n");
	assert_non_null(strstr(text, "it said %s%n\\x0a12345.000000 notice o: Entering MASTER STATE\\x1b[2J\n"));
	assert_true(strlen(text) < LOG_LINE_MAX + 300);
}

/* The sum of the lines that the text says were lost. */
static uint64_t lost_told(const char *text)
{
	static const char words[] = " lines of this log were lost";
	uint64_t sum = 0;

	for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words)) {
		const char *digits = at;

		while (digits > text && digits[-1] >= '0' && digits[-1] <= '9') {
			digits--;
		}
		sum += strtoull(digits, NULL, 10);
	}
	return sum;
}

static void a_reader_who_does_not_read_holds_up_nobody(void **state)
{
	static char text[LOG_PENDING_BYTES + 512 * 1024];
	int64_t deadline = now_us(CLOCK_MONOTONIC) + DEADLINE_MS * 1000;
	uint64_t lost_before = log_lost_count();
	int64_t longest = 0;
	uint64_t lost;

	(void)state;
	text[0] = '\0';
	assert_int_equal(log_open(LOG_TO_STDERR, LOG_IS_INFO, NULL), 0);
	for (int i = 0; i < 5000; i++) { /* 5000 x 130 bytes: more than pipe and ring hold */
		int64_t from = now_us(CLOCK_MONOTONIC);
		int64_t took;

		log_info("o", "line %d %0100d", i, i);
		took = now_us(CLOCK_MONOTONIC) - from;
		longest = took > longest ? took : longest;
	}
	lost = log_lost_count() - lost_before;
	assert_true(lost > 1000);
	assert_true(longest < 1000000);  /* a blocked write would last for ever; the rest is the machine's load */
	while (lost_told(text) < lost) { /* told whenever the ring has run empty: once, or in parts */
		assert_true(now_us(CLOCK_MONOTONIC) < deadline);
		read_until(text + strlen(text), sizeof(text) - strlen(text), "\n"); /* any further line */
	}
	assert_int_equal(lost_told(text), lost);
	assert_non_null(strstr(text, "line 0 0"));
	log_info("o", "heard again");
	read_until(text, sizeof(text), "heard again\n");
	assert_int_equal(log_lost_count() - lost_before, lost);
}

static void closing_writes_what_is_pending(void **state)
{
	char text[64 * 1024] = "";

	(void)state;
	assert_int_equal(log_open(LOG_TO_STDERR, LOG_IS_INFO, NULL), 0);
	for (int i = 0; i < 100; i++) {
		log_info("o", "line %d", i);
	}
	log_close();
	log_close();
	log_info("o", "directly");
	read_until(text, sizeof(text), "directly\n");
	assert_non_null(strstr(text, "line 99\n"));
	assert_true(strstr(text, "line 99\n") < strstr(text, "directly"));
}

static void a_stderr_made_non_blocking_by_others_loses_nothing(void **state)
{
	static char text[512 * 1024];
	static const char dots[] = "...............................................................\n";
	uint64_t lost_before = log_lost_count();

	(void)state;
	text[0] = '\0';
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK), 0);
	while (write(STDERR_FILENO, dots, sizeof(dots) - 1) > 0) { /* until the pipe is full */
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(log_open(LOG_TO_STDERR, LOG_IS_INFO, NULL), 0);
	for (int i = 0; i < 200; i++) { /* 26 kB: less than the ring holds */
		log_info("o", "line %d %0100d", i, i);
	}
	for (int i = 0; i < 30; i++) { /* time for the writer to find the pipe full; it must wait, not lose */
		poll(NULL, 0, 10);
		assert_int_equal(log_lost_count(), lost_before);
	}
	read_until(text, sizeof(text), "line 199 ");
	assert_int_equal(log_lost_count(), lost_before);
}

static void the_ring_gives_back_what_was_put(void **state)
{
	static struct {
		struct log_ring ring;
		unsigned char after[2 * LOG_RECORD_MAX];
	} box;
	struct log_ring *ring = &box.ring;
	unsigned char record[LOG_RECORD_MAX];
	unsigned put = 0;
	unsigned taken = 0;
	uint64_t seed = 42;

	(void)state;
	assert_null(log_ring_peek(ring, &(size_t){ 0 }));
	for (int i = 0; i < 20000; i++) {
		size_t len =
			4 + (seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407) % (LOG_RECORD_MAX - 3);

		memset(record, (int)(put & 0xff), len);
		memcpy(record, &put, sizeof(put));
		put += log_ring_put(ring, record, len);
		while ((seed >> 33) % 4 != 0 && taken < put) {
			const unsigned char *got = log_ring_peek(ring, &len);

			assert_non_null(got);
			assert_memory_equal(got, &taken, sizeof(taken));
			assert_int_equal(len > 4 ? got[len - 1] : taken & 0xff, taken & 0xff);
			log_ring_drop(ring);
			taken++;
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		}
	}
	assert_true(put > 10000 && put < 20000 + 1);
	for (size_t i = 0; i < sizeof(box.after); i++) {
		assert_int_equal(box.after[i], 0);
	}
}

static void a_reason_is_told_once_an_interval(void **state)
{
	struct log_limit limit = { 0 };
	uint64_t suppressed = 99;

	(void)state;
	assert_true(log_limit_pass(&limit, (struct vrrp_time){ 5000000 }, VRRP_US_PER_S, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_false(log_limit_pass(&limit, (struct vrrp_time){ 5000001 }, VRRP_US_PER_S, &suppressed));
	assert_false(log_limit_pass(&limit, (struct vrrp_time){ 5999999 }, VRRP_US_PER_S, &suppressed));
	assert_true(log_limit_pass(&limit, (struct vrrp_time){ 6000000 }, VRRP_US_PER_S, &suppressed));
	assert_int_equal(suppressed, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_line_is_time_level_instance_and_sentence, pipe_as_stderr, stderr_back),
		cmocka_unit_test_setup_teardown(levels_choose_what_is_written, pipe_as_stderr, stderr_back),
		cmocka_unit_test_setup_teardown(text_from_outside_stays_in_its_line, pipe_as_stderr, stderr_back),
		cmocka_unit_test_setup_teardown(
			a_reader_who_does_not_read_holds_up_nobody, pipe_as_stderr, stderr_back),
		cmocka_unit_test_setup_teardown(closing_writes_what_is_pending, pipe_as_stderr, stderr_back),
		cmocka_unit_test_setup_teardown(
			a_stderr_made_non_blocking_by_others_loses_nothing, pipe_as_stderr, stderr_back),
		cmocka_unit_test(the_ring_gives_back_what_was_put),
		cmocka_unit_test(a_reason_is_told_once_an_interval),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}

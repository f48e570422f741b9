/*
 * State files: what is saved is read back, anything else is reported as damaged and never half-used; the writer's
 * tickets all complete in their order; the locks keep a second daemon out.
 */
#define _GNU_SOURCE /* unshare */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vipd/state_file.h"
#include "vipd/state_writer.h"

#define DEADLINE_MS 10000

static char folder[64];
static int dir_fd;

static int folder_make(void **state)
{
	char parent[] = "/tmp/vipd-test-XXXXXX";

	(void)state;
	if (mkdtemp(parent) == NULL) {
		return -1;
	}
	snprintf(folder, sizeof(folder), "%s/state", parent);
	return state_dir_open(folder, &dir_fd, NULL);
}

static int folder_remove(void **state)
{
	char command[128];

	(void)state;
	close(dir_fd);
	*strrchr(folder, '/') = '\0';
	assert_memory_equal(folder, "/tmp/vipd-test-", 15);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static size_t raw_read(const char *name, char *bytes, size_t size)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, bytes, size) : 0;

	if (fd >= 0) {
		close(fd);
	}
	return len > 0 ? (size_t)len : 0;
}

static void raw_write(const char *name, const char *bytes, size_t len)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void what_was_saved_is_read_back(void **state)
{
	char text[64] = "untouched";
	struct stat stat_buf;
	size_t len;

	(void)state;
	assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &len, NULL), -ENOENT);
	assert_string_equal(text, "untouched");
	assert_int_equal(state_file_save(dir_fd, "orders", "epoch 1.2.3\n", 12, NULL), 0);
	assert_int_equal(state_file_save(dir_fd, "orders", "epoch 4.5.6\npaused no\n", 22, NULL), 0);
	assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &len, NULL), 0);
	assert_int_equal(len, 22);
	assert_string_equal(text, "epoch 4.5.6\npaused no\n");
	assert_int_equal(fstatat(dir_fd, "orders", &stat_buf, 0), 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0600);
	assert_int_equal(faccessat(dir_fd, "orders.new", F_OK, 0), -1);
	assert_int_equal(state_file_save(dir_fd, "orders", "", 0, NULL), 0);
	assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &len, NULL), 0);
	assert_int_equal(len, 0);
	assert_int_equal(state_file_remove(dir_fd, "orders", NULL), 0);
	assert_int_equal(state_file_remove(dir_fd, "orders", NULL), 0);
	assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &len, NULL), -ENOENT);
}

static void every_shortened_or_changed_file_is_damaged(void **state)
{
	char bytes[512];
	size_t len;

	(void)state;
	assert_int_equal(state_file_save(dir_fd, "orders", "epoch 1.2.3\npaused no\n", 22, NULL), 0);
	len = raw_read("orders", bytes, sizeof(bytes));
	assert_int_equal(len, 13 + 22 + 72);
	for (size_t i = 0; i < len; i++) { /* cut off at each byte, then each byte changed */
		char text[64] = "untouched";
		struct vip_err err;
		size_t got = 42;

		raw_write("orders", bytes, i);
		assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &got, &err), -EBADMSG);
		bytes[i] ^= 1;
		raw_write("orders", bytes, len);
		bytes[i] ^= 1;
		assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &got, &err), -EBADMSG);
		assert_string_equal(text, "untouched");
		assert_int_equal(got, 42);
		assert_non_null(strstr(err.text, "orders cannot be used"));
	}
	bytes[len] = '\n';
	raw_write("orders", bytes, len + 1);
	assert_int_equal(state_file_load(dir_fd, "orders", bytes, sizeof(bytes), &len, NULL), -EBADMSG);
}

static void other_versions_and_sizes_are_told_apart(void **state)
{
	static char large[STATE_FILE_TEXT_MAX + 200];
	char text[16];
	struct vip_err err;
	size_t len;

	(void)state;
	memset(large, 'x', sizeof(large));
	large[STATE_FILE_TEXT_MAX - 1] = '\n';
	assert_int_equal(state_file_save(dir_fd, "o", large, STATE_FILE_TEXT_MAX, NULL), 0);
	assert_int_equal(state_file_load(dir_fd, "o", text, sizeof(text), &len, &err), -EFBIG);
	assert_int_equal(state_file_load(dir_fd, "o", large, sizeof(large), &len, &err), 0);
	assert_int_equal(len, STATE_FILE_TEXT_MAX);
	assert_int_equal(state_file_save(dir_fd, "o", large, STATE_FILE_TEXT_MAX + 1, &err), -EFBIG);
	raw_write("o", large, sizeof(large));
	assert_int_equal(state_file_load(dir_fd, "o", large, sizeof(large), &len, &err), -EFBIG);
	raw_write(
		"o", "vipd-state 2\nx\nsha256 00000000000000000000000000000000000000000000000000000000000000000\n", 87);
	assert_int_equal(state_file_load(dir_fd, "o", text, sizeof(text), &len, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "another version"));
	assert_int_equal(state_file_save(dir_fd, "o", "no newline", 10, &err), -EINVAL);
	assert_int_equal(state_file_save(dir_fd, "o", "a\0b\n", 4, &err), -EINVAL);
	assert_int_equal(symlinkat("/etc/passwd", dir_fd, "link"), 0);
	assert_int_equal(state_file_load(dir_fd, "link", text, sizeof(text), &len, &err), -ELOOP);
	assert_int_equal(symlinkat("/nowhere", dir_fd, "o.new"), 0); /* a left-over in the way of a save */
	assert_int_equal(state_file_save(dir_fd, "o", "x\n", 2, &err), 0);
}

static void a_folder_that_others_may_write_is_refused(void **state)
{
	struct stat stat_buf;
	struct vip_err err;
	int fd;

	(void)state;
	assert_int_equal(fstat(dir_fd, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0700);
	assert_int_equal(fchmod(dir_fd, 0770), 0);
	assert_int_equal(state_dir_open(folder, &fd, &err), -EPERM);
	assert_non_null(strstr(err.text, "chmod 0700"));
	assert_int_equal(state_dir_open("/nowhere/at/all", &fd, &err), -ENOENT);
	assert_int_equal(state_dir_open("/etc/passwd", &fd, &err), -ENOTDIR);
}

struct seen {
	size_t count;
	uint64_t ticket[256];
	int code[256];
};

static void ticket_seen(void *context, const char *name, uint64_t ticket, int code, const char *text)
{
	struct seen *seen = context;

	assert_true(name[0] != '\0' && (code == 0) == (text[0] == '\0'));
	assert_in_range(seen->count, 0, 255);
	seen->ticket[seen->count] = ticket;
	seen->code[seen->count++] = code;
}

static void run_until_idle(struct state_writer *writer)
{
	for (int waited_ms = 0; state_writer_pending(writer); waited_ms += 100) {
		struct pollfd pollfd = { .fd = state_writer_fd(writer), .events = POLLIN };

		assert_true(waited_ms < DEADLINE_MS);
		poll(&pollfd, 1, 100);
		state_writer_run(writer);
	}
}

static void every_ticket_completes_in_order_and_the_last_text_stands(void **state)
{
	struct seen seen = { 0 };
	struct state_writer *writer;
	char text[64];
	size_t len;

	(void)state;
	assert_int_equal(state_writer_open(dir_fd, ticket_seen, &seen, &writer, NULL), 0);
	for (uint64_t i = 1; i <= 200; i++) {
		snprintf(text, sizeof(text), "number %d\n", (int)i);
		while (state_writer_submit(writer, "orders", i, text, strlen(text), NULL) == -EBUSY) {
			struct pollfd pollfd = { .fd = state_writer_fd(writer), .events = POLLIN };

			assert_int_equal(poll(&pollfd, 1, DEADLINE_MS), 1);
			state_writer_run(writer);
		}
	}
	run_until_idle(writer);
	assert_int_equal(seen.count, 200);
	for (uint64_t i = 0; i < 200; i++) {
		assert_int_equal(seen.ticket[i], i + 1);
		assert_int_equal(seen.code[i], 0);
	}
	assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &len, NULL), 0);
	assert_string_equal(text, "number 200\n");
	assert_int_equal(state_writer_submit(writer, "orders", 7, NULL, 0, NULL), 0);
	assert_int_equal(state_writer_close(writer, DEADLINE_MS), 0); /* finishes, calls back */
	assert_int_equal(seen.count, 201);
	assert_int_equal(seen.ticket[200], 7);
	assert_int_equal(state_file_load(dir_fd, "orders", text, sizeof(text), &len, NULL), -ENOENT);
	assert_int_equal(state_writer_close(NULL, 0), 0);
}

static void a_write_that_fails_says_so_for_its_tickets(void **state)
{
	struct seen seen = { 0 };
	struct state_writer *writer;
	struct vip_err err;

	(void)state;
	assert_int_equal(state_writer_open(dir_fd, ticket_seen, &seen, &writer, NULL), 0);
	assert_int_equal(mkdirat(dir_fd, "orders", 0700), 0); /* no file can be renamed over it */
	assert_int_equal(mkdirat(dir_fd, "orders/x", 0700), 0);
	assert_int_equal(state_writer_submit(writer, "orders", 1, "a\n", 2, NULL), 0);
	run_until_idle(writer);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.code[0], -EISDIR);
	assert_int_equal(unlinkat(dir_fd, "orders/x", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir_fd, "orders", AT_REMOVEDIR), 0);
	assert_int_equal(state_writer_submit(writer, "orders", 2, "a\n", 2, NULL), 0);
	assert_int_equal(state_writer_submit(writer, "other", 3, "b\n", 2, NULL), 0);
	assert_int_equal(state_writer_submit(writer, "orders", 4, "no newline", 10, &err), -EINVAL);
	run_until_idle(writer);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.code[1] | seen.code[2], 0);
	assert_int_equal(state_writer_close(writer, DEADLINE_MS), 0);
}

static void a_second_daemon_is_kept_out(void **state)
{
	struct state_lock lock = { -1, -1 };
	struct state_lock second = { -1, -1 };
	struct vip_err err;
	char pid[32];
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(state_lock_take(dir_fd, "orders", 251, &lock, &err), 0);
	assert_int_equal(state_lock_take(dir_fd, "orders", 252, &second, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "pid %ld", (long)getpid());
	assert_non_null(strstr(err.text, pid));
	assert_int_equal(state_lock_take(dir_fd, "other", 251, &second, &err), -EBUSY); /* another folder, same VRID */
	assert_non_null(strstr(err.text, "@vipd-251"));
	assert_int_equal(state_lock_take(dir_fd, "other", 252, &second, &err), 0);
	state_lock_release(&second);
	child = fork();
	if (child == 0) {
		_exit(state_lock_take(dir_fd, "orders", 251, &second, NULL) == -EBUSY ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	state_lock_release(&lock);
	state_lock_release(&lock);
	state_lock_release(NULL);
	assert_int_equal(state_lock_take(dir_fd, "orders", 251, &lock, &err), 0);
	state_lock_release(&lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_saved_is_read_back, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(every_shortened_or_changed_file_is_damaged, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(other_versions_and_sizes_are_told_apart, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(a_folder_that_others_may_write_is_refused, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			every_ticket_completes_in_order_and_the_last_text_stands, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(a_write_that_fails_says_so_for_its_tickets, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(a_second_daemon_is_kept_out, folder_make, folder_remove),
	};

	if (geteuid() == 0 && unshare(CLONE_NEWNET) < 0) { /* abstract sockets of our own: others may test here too */
		print_message("# no network namespace of its own: %s\n", strerror(errno));
	}
	return cmocka_run_group_tests_name("state_file", tests, NULL, NULL);
}

/*
 * The control socket: asking and answering, now and later; hostile, slow and absent clients; whose file is replaced.
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vipd/control.h"
#include "vipd/vipctl_client.h"

#define DEADLINE_MS 10000

static char folder[64];
static char path[96];
static struct control_server *server;
static struct vrrp_time now = { 1000000 };
static size_t asked;
static uint64_t last_client;

/* "echo": the request back. "later": no answer yet. "large": more than a socket takes at once. */
static json_t *answer(void *context, uint64_t client, const json_t *request)
{
	const char *verb = json_string_value(json_object_get(request, "verb"));

	assert_ptr_equal(context, &asked);
	asked++;
	last_client = client;
	if (verb != NULL && strcmp(verb, "later") == 0) {
		return NULL;
	}
	if (verb != NULL && strcmp(verb, "large") == 0) {
		char *text = malloc(600001);
		json_t *large;

		memset(text, 'x', 600000);
		text[600000] = '\0';
		large = json_pack("{s:s}", "text", text);
		free(text);
		return large;
	}
	return json_pack("{s:b, s:O}", "ok", 1, "result", request);
}

static int server_start(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/vipd-test-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	snprintf(path, sizeof(path), "%s/run/vipd.sock", folder);
	asked = 0;
	now.us = 1000000;
	return control_server_open(path, answer, &asked, &server, NULL);
}

static int server_stop(void **state)
{
	char run[96];

	(void)state;
	control_server_close(server);
	server = NULL;
	unlink(path);
	snprintf(run, sizeof(run), "%s/run", folder);
	return rmdir(run) + rmdir(folder);
}

static int client_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void client_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Runs the server until a line or the end has come: the line's length, 0 = hung up. */
static size_t client_hear(int fd, char *line, size_t size)
{
	size_t len = 0;

	for (int waited_ms = 0; waited_ms < DEADLINE_MS; waited_ms += 10) {
		struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
			{ .fd = control_server_fd(server), .events = POLLIN } };
		ssize_t got;

		poll(fds, 2, 10);
		control_server_run(server, now);
		got = recv(fd, line + len, size - 1 - len, 0);
		if (got == 0) {
			return 0;
		}
		len += got > 0 ? (size_t)got : 0;
		line[len] = '\0';
		if (len > 0 && line[len - 1] == '\n') {
			return len;
		}
	}
	fail_msg("no line within %d ms", DEADLINE_MS);
	return 0;
}

static void a_request_is_answered_in_a_line(void **state)
{
	char line[1024];
	struct stat stat_buf;
	int fd = client_connect();

	(void)state;
	assert_int_equal(stat(path, &stat_buf), 0);
	assert_true(S_ISSOCK(stat_buf.st_mode));
	assert_int_equal(stat_buf.st_mode & 07777, 0600);
	client_say(fd, "{\"verb\": \"echo\"}\n");
	client_hear(fd, line, sizeof(line));
	assert_string_equal(line, "{\"ok\":true,\"result\":{\"verb\":\"echo\"}}\n");
	client_say(fd, "{\"verb\":"); /* in two pieces */
	control_server_run(server, now);
	client_say(fd, " 7}\n");
	client_hear(fd, line, sizeof(line));
	assert_string_equal(line, "{\"ok\":true,\"result\":{\"verb\":7}}\n");
	assert_int_equal(asked, 2);
	close(fd);
}

static void an_answer_can_come_later_and_in_several_lines(void **state)
{
	char line[1024];
	int fd = client_connect();
	json_t *step = json_pack("{s:s}", "step", "granted");

	(void)state;
	client_say(fd, "{\"verb\":\"later\"}\n{\"verb\":\"echo\"}\n"); /* the second waits for the first's end */
	for (int i = 0; i < 100 && asked == 0; i++) {
		control_server_run(server, now);
	}
	assert_int_equal(asked, 1);
	assert_int_equal(control_server_send(server, last_client, step, false, now), 0);
	client_hear(fd, line, sizeof(line));
	assert_string_equal(line, "{\"step\":\"granted\"}\n");
	assert_int_equal(asked, 1);
	assert_int_equal(control_server_send(server, last_client, step, true, now), 0);
	assert_int_equal(control_server_deadline(server).us, 0); /* there is work at once */
	assert_int_equal(control_server_send(server, last_client, step, true, now), -ENOENT); /* answered in full */
	client_hear(fd, line, sizeof(line));
	if (strstr(line, "echo") == NULL) {
		client_hear(fd, line, sizeof(line));
	}
	assert_non_null(strstr(line, "\"ok\":true"));
	assert_int_equal(asked, 2);
	client_say(fd, "{\"verb\":\"later\"}\n");
	for (int i = 0; i < 100 && asked == 2; i++) {
		control_server_run(server, now);
	}
	close(fd); /* left before the answer */
	for (int i = 0; i < 100 && control_server_deadline(server).us != INT64_MAX; i++) {
		control_server_run(server, now);
	}
	assert_int_equal(control_server_send(server, last_client, step, true, now), -ENOENT);
	json_decref(step);
}

static const char *const broken[] = {
	"\n",
	"nonsense\n",
	"[1, 2]\n",
	"\"text\"\n",
	"{\"verb\": \"a\", \"verb\": \"b\"}\n",
	"{\"verb\": \"\\ud800\"}\n",
	"{\"verb\": \"\377\"}\n",
	"{\"a\":{\"a\":{\"a\":\n",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
};

static void nonsense_is_refused_and_hung_up_on(void **state)
{
	char line[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		int fd = client_connect();

		client_say(fd, broken[i]);
		client_hear(fd, line, sizeof(line));
		assert_non_null(strstr(line, "\"ok\":false"));
		assert_int_equal(client_hear(fd, line, sizeof(line)), 0);
		close(fd);
	}
	assert_int_equal(asked, 0);
}

static void a_request_that_does_not_end_is_refused(void **state)
{
	char line[1024];
	char large[CONTROL_REQUEST_MAX];
	int fd = client_connect();

	(void)state;
	memset(large, ' ', sizeof(large));
	assert_int_equal(send(fd, large, sizeof(large), MSG_NOSIGNAL), sizeof(large));
	client_hear(fd, line, sizeof(line));
	assert_non_null(strstr(line, "too long"));
	close(fd);
	assert_int_equal(asked, 0);
}

static void slow_and_deaf_clients_are_dropped_by_the_deadline(void **state)
{
	static char large[700000];
	char line[1024];
	int slow = client_connect();
	int deaf = client_connect();
	int other;

	(void)state;
	client_say(slow, "{\"verb\":");
	client_say(deaf, "{\"verb\":\"large\"}\n");
	for (int i = 0; i < 100 && asked == 0; i++) {
		control_server_run(server, now);
	}
	assert_int_equal(asked, 1);
	assert_int_equal(control_server_deadline(server).us, now.us + CONTROL_WRITE_US);
	now.us += CONTROL_WRITE_US - 1;
	control_server_run(server, now);
	client_say(slow, " "); /* a byte now and then does not help */
	now.us += 1;
	control_server_run(server, now); /* the deaf one is dropped */
	assert_int_equal(control_server_deadline(server).us, 1000000 + CONTROL_REQUEST_US);
	now.us = 1000000 + CONTROL_REQUEST_US;
	control_server_run(server, now);
	assert_int_equal(control_server_deadline(server).us, INT64_MAX);
	assert_int_equal(client_hear(slow, line, sizeof(line)), 0);
	close(slow);
	close(deaf);
	other = client_connect(); /* one that reads gets all of it */
	client_say(other, "{\"verb\":\"large\"}\n");
	assert_int_equal(client_hear(other, large, sizeof(large)), 600000 + 12);
	close(other);
}

static void clients_are_bounded_and_room_is_made_again(void **state)
{
	char line[1024];
	int fd[CONTROL_CLIENTS_MAX + 1];

	(void)state;
	for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
		fd[i] = client_connect();
		control_server_run(server, now);
	}
	client_hear(fd[CONTROL_CLIENTS_MAX], line, sizeof(line));
	assert_non_null(strstr(line, "too many clients"));
	assert_int_equal(client_hear(fd[CONTROL_CLIENTS_MAX], line, sizeof(line)), 0);
	close(fd[0]);
	close(fd[CONTROL_CLIENTS_MAX]);
	fd[0] = client_connect();
	client_say(fd[0], "{\"verb\":\"echo\"}\n");
	control_server_run(server, now); /* sees that the first has left */
	client_hear(fd[0], line, sizeof(line));
	assert_non_null(strstr(line, "\"ok\":true") != NULL ? line : strstr(line, "too many"));
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		close(fd[i]);
	}
}

static void a_dead_daemons_file_is_replaced_and_a_live_ones_is_not(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct control_server *second = NULL;
	struct vip_err err;
	int fds[1000];
	int fill = -1;
	int status;
	int fd;
	pid_t child;

	(void)state;
	assert_int_equal(control_server_open(path, answer, &asked, &second, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, path));
	for (int i = 0; i < 1000 && fill < 0; i++) { /* a busy one whose queue is full is no dead one */
		int queued = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		assert_in_range(queued, 0, 1020);
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		if (connect(queued, (const struct sockaddr *)&address, sizeof(address)) < 0) {
			assert_int_equal(errno, EAGAIN);
			fill = i;
		}
		fds[i] = queued;
	}
	assert_true(fill > 0);
	assert_int_equal(control_server_open(path, answer, &asked, &second, &err), -EADDRINUSE);
	for (int i = 0; i <= fill; i++) {
		close(fds[i]);
	}
	control_server_close(server);
	assert_int_equal(access(path, F_OK), -1); /* a clean end removes it */
	child = fork();                           /* a daemon that dies */
	if (child == 0) {
		_exit(control_server_open(path, answer, &asked, &second, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(control_server_open(path, answer, &asked, &server, &err), 0);
	unlink(path); /* somebody put another in its place: not ours to remove */
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	control_server_close(server);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(control_server_open(path, answer, &asked, &server, &err), -EEXIST);
	close(fd);
	unlink(path);
	assert_int_equal(control_server_open(path, answer, &asked, &server, &err), 0);
}

static void strangers_are_not_served(void **state)
{
	char line[64];
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("# only root can become a stranger\n");
		skip();
	}
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0); /* the file's mode alone is not what keeps them out */
	child = fork();
	if (child == 0) {
		if (setuid(65534) < 0) {
			_exit(2);
		}
		int fd = client_connect();

		for (int i = 0; i < 100; i++) {
			struct pollfd pollfd = { .fd = fd, .events = POLLIN };

			if (poll(&pollfd, 1, 100) > 0) {
				_exit(recv(fd, line, sizeof(line), 0) == 0 ? 0 : 1);
			}
		}
		_exit(3);
	}
	for (int i = 0; i < 100; i++) {
		control_server_run(server, now);
		if (waitpid(child, &status, WNOHANG) == child) {
			assert_int_equal(status, 0);
			assert_int_equal(asked, 0);
			return;
		}
		poll(NULL, 0, 100);
	}
	fail();
}

static void vipctl_asks_and_gives_up_after_its_deadline(void **state)
{
	struct vipctl_client client;
	json_t *request = json_pack("{s:s}", "verb", "echo");
	json_t *got = NULL;
	struct timespec from;
	struct timespec to;
	struct vip_err err;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(vipctl_client_open("/nowhere/x", &client, &err), -ENOENT);
	assert_non_null(strstr(err.text, "--control"));
	assert_int_equal(vipctl_client_open(path, &client, &err), 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(vipctl_client_ask(&client, request, 50, &got, &err), -ETIMEDOUT); /* nobody runs the server */
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_in_range(to.tv_sec - from.tv_sec, 0, 5);
	vipctl_client_close(&client);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 2; i++) {
			if (vipctl_client_open(path, &client, &err) < 0 ||
				vipctl_client_ask(&client, request, DEADLINE_MS, &got, &err) < 0 ||
				!json_is_true(json_object_get(got, "ok"))) {
				_exit(1);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < 1000; i++) {
		control_server_run(server, now);
		if (waitpid(child, &status, WNOHANG) == child) {
			assert_int_equal(status, 0);
			json_decref(request);
			return;
		}
		poll(NULL, 0, 10);
	}
	fail();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_is_answered_in_a_line, server_start, server_stop),
		cmocka_unit_test_setup_teardown(
			an_answer_can_come_later_and_in_several_lines, server_start, server_stop),
		cmocka_unit_test_setup_teardown(nonsense_is_refused_and_hung_up_on, server_start, server_stop),
		cmocka_unit_test_setup_teardown(a_request_that_does_not_end_is_refused, server_start, server_stop),
		cmocka_unit_test_setup_teardown(
			slow_and_deaf_clients_are_dropped_by_the_deadline, server_start, server_stop),
		cmocka_unit_test_setup_teardown(clients_are_bounded_and_room_is_made_again, server_start, server_stop),
		cmocka_unit_test_setup_teardown(
			a_dead_daemons_file_is_replaced_and_a_live_ones_is_not, server_start, server_stop),
		cmocka_unit_test_setup_teardown(strangers_are_not_served, server_start, server_stop),
		cmocka_unit_test_setup_teardown(vipctl_asks_and_gives_up_after_its_deadline, server_start, server_stop),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}

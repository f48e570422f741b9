#include "vipd/restart_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vipd/clock.h"

#define SELF "/proc/self/exe"
#define WARNING ": warning: "

int restart_self_init(struct restart_self *self, int argc, char **argv, struct vip_err *err)
{
	ssize_t length = readlink(SELF, self->file, sizeof(self->file) - 1);

	if (length < 0) {
		return vip_err_set(err, -errno, "cannot read " SELF ": %s", strerror(errno));
	}
	self->file[length] = '\0';
	if (getcwd(self->cwd, sizeof(self->cwd)) == NULL) {
		(void)snprintf(self->cwd, sizeof(self->cwd), "/"); /* removed under us: no relative path works anyway */
	}
	if (argc < 1 || argc + 1 > EXEC_ARGS_MAX) {
		return vip_err_set(err, -E2BIG, "more than %d arguments", EXEC_ARGS_MAX - 1);
	}
	for (int i = 0; i < argc; i++) {
		self->argv[i] = argv[i];
	}
	self->argv[argc] = "--check";
	self->argv[argc + 1] = NULL;
	return 0;
}

/* The first line that is no warning, into line. */
static void first_fault(const char *text, char *line, size_t size)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		(void)snprintf(line, size, "%.*s", (int)length, text);
		if (length > 0 && strstr(line, WARNING) == NULL) {
			return;
		}
		text += length + (text[length] == '\n' ? 1 : 0);
	}
	line[0] = '\0';
}

static void run(struct restart_check *check)
{
	enum exec_status status = exec_run(check->child, clock_now());
	char fault[VIP_ERR_TEXT_MAX] = "";
	struct exec_result result;
	bool good;

	if (status == EXEC_RUNNING) {
		(void)sd_event_source_set_time(check->timer, (uint64_t)exec_deadline(check->child).us);
		(void)sd_event_source_set_enabled(check->timer, SD_EVENT_ONESHOT);
		return;
	}
	result = exec_result(check->child);
	good = status == EXEC_EXITED && result.code == 0;
	if (!good && status == EXEC_EXITED) {
		first_fault(result.text, fault, sizeof(fault));
	}
	if (!good && fault[0] == '\0') {
		exec_result_describe(check->child, fault, sizeof(fault));
	}
	restart_check_close(check);
	check->done(check->user, check->client, good ? NULL : fault);
}

static int on_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	(void)source;
	(void)fd;
	(void)events;
	run(user);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t at, void *user)
{
	(void)source;
	(void)at;
	run(user);
	return 0;
}

int restart_check_start(struct restart_check *check, const struct restart_self *self, sd_event *loop, uint64_t client,
	struct vip_err *err)
{
	struct exec_spec spec = { .file = self->file,
		.argv = self->argv,
		.cwd = self->cwd,
		.timeout_ms = RESTART_CHECK_MS,
		.capture = EXEC_CAPTURE_ALL };
	int code;

	if (check->child != NULL) {
		return vip_err_set(err, -EBUSY, "a restart was asked for already");
	}
	code = exec_start(&spec, clock_now(), &check->child, err);
	if (code < 0) {
		return code;
	}
	check->client = client;
	code = sd_event_add_io(loop, &check->source, exec_fd(check->child), EPOLLIN, on_fd, check);
	if (code >= 0) {
		code = sd_event_add_time(loop, &check->timer, CLOCK_BOOTTIME, (uint64_t)exec_deadline(check->child).us,
			1, on_time, check);
	}
	if (code < 0) {
		restart_check_close(check);
		return vip_err_set(err, code, "event loop: %s", strerror(-code));
	}
	return 0;
}

void restart_check_close(struct restart_check *check)
{
	check->source = sd_event_source_disable_unref(check->source);
	check->timer = sd_event_source_disable_unref(check->timer);
	exec_free(check->child);
	check->child = NULL;
}

#define _GNU_SOURCE /* pthread_timedjoin_np */
#include "vipd/state_writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (128 * 1024)
#define RUN_MAX 64 /* callbacks of one state_writer_run */

/*
 * One file's place. Tickets are a queue: the first `done` of them have completed and wait to be called back, the next
 * `busy` belong to the write that runs, the rest to the text that waits.
 */
struct slot {
	char name[STATE_FILE_NAME_SIZE];
	char *text; /* what waits; NULL if nothing waits or a removal does */
	size_t len;
	bool waits;
	uint64_t since; /* order of waiting among the slots */
	size_t tickets;
	size_t done;
	size_t busy;
	uint64_t ticket[STATE_WRITER_TICKETS_MAX];
	int code[STATE_WRITER_TICKETS_MAX];
	struct vip_err err; /* of the last write that failed */
};

struct state_writer {
	int dir_fd;
	int event_fd;
	pthread_t thread;
	pthread_mutex_t mutex; /* all below; never held over a system call that waits for the disk */
	pthread_cond_t wake;
	bool stop;
	uint64_t clock;
	state_writer_done done;
	void *context;
	size_t slots;
	struct slot slot[STATE_WRITER_FILES_MAX];
};

static void event_signal(struct state_writer *writer)
{
	uint64_t one = 1;

	while (write(writer->event_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
	}
}

static struct slot *oldest_waiting(struct state_writer *writer)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < writer->slots; i++) {
		struct slot *slot = &writer->slot[i];

		if (slot->waits && (oldest == NULL || slot->since < oldest->since)) {
			oldest = slot;
		}
	}
	return oldest;
}

/* The tickets of the write that ran are done, in their order. Mutex held. */
static void slot_complete(struct slot *slot, int code, const struct vip_err *err)
{
	for (size_t i = 0; i < slot->busy; i++) {
		slot->code[slot->done + i] = code;
	}
	slot->done += slot->busy;
	slot->busy = 0;
	if (code < 0) {
		slot->err = *err;
	}
}

/* Takes what waits in the slot and writes it. The mutex is held on entry and return, not while writing. */
static void slot_write(struct state_writer *writer, struct slot *slot)
{
	struct vip_err err = { "" };
	char *text = slot->text;
	size_t len = slot->len;
	int code;

	slot->text = NULL;
	slot->waits = false;
	slot->busy = slot->tickets - slot->done;
	pthread_mutex_unlock(&writer->mutex);
	code = text != NULL ? state_file_save(writer->dir_fd, slot->name, text, len, &err)
			    : state_file_remove(writer->dir_fd, slot->name, &err);
	free(text);
	pthread_mutex_lock(&writer->mutex);
	slot_complete(slot, code, &err);
	event_signal(writer);
}

static void *writer_main(void *argument)
{
	struct state_writer *writer = argument;

	pthread_mutex_lock(&writer->mutex);
	for (;;) { /* until closed and nothing waits */
		struct slot *slot = oldest_waiting(writer);

		if (slot != NULL) {
			slot_write(writer, slot);
		} else if (writer->stop) {
			break;
		} else {
			pthread_cond_wait(&writer->wake, &writer->mutex);
		}
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

static int thread_start(struct state_writer *writer)
{
	pthread_attr_t attr;
	sigset_t all;
	sigset_t before;
	int code;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED); /* SCHED_OTHER, whatever the loop runs with */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&writer->thread, &attr, writer_main, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -code;
}

/* The loop may run with a real-time priority and the thread does not: whoever holds the mutex inherits it. */
static void mutex_init(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void writer_free(struct state_writer *writer)
{
	for (size_t i = 0; i < writer->slots; i++) {
		free(writer->slot[i].text);
	}
	close(writer->dir_fd);
	close(writer->event_fd);
	pthread_cond_destroy(&writer->wake);
	pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

int state_writer_open(
	int dir_fd, state_writer_done done, void *context, struct state_writer **ret_writer, struct vip_err *err)
{
	struct state_writer *writer = calloc(1, sizeof(*writer));
	int code;

	if (writer == NULL) {
		return vip_err_set(err, -ENOMEM, "cannot make the state writer: out of memory");
	}
	writer->done = done;
	writer->context = context;
	writer->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	writer->event_fd = writer->dir_fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (writer->event_fd < 0) {
		code = vip_err_set(err, -errno, "cannot make the state writer's eventfd: %s", strerror(errno));
		if (writer->dir_fd >= 0) {
			close(writer->dir_fd);
		}
		free(writer);
		return code;
	}
	mutex_init(&writer->mutex);
	pthread_cond_init(&writer->wake, NULL);
	code = thread_start(writer);
	if (code < 0) {
		writer_free(writer);
		return vip_err_set(err, code, "cannot start the state writer's thread: %s", strerror(-code));
	}
	*ret_writer = writer;
	return 0;
}

/* The slot of that name, made if need be; NULL if there are too many. Mutex held. */
static struct slot *slot_find(struct state_writer *writer, const char *name)
{
	for (size_t i = 0; i < writer->slots; i++) {
		if (strcmp(writer->slot[i].name, name) == 0) {
			return &writer->slot[i];
		}
	}
	if (writer->slots == STATE_WRITER_FILES_MAX) {
		return NULL;
	}
	memcpy(writer->slot[writer->slots].name, name, strlen(name) + 1);
	return &writer->slot[writer->slots++];
}

static int slot_submit(
	struct state_writer *writer, const char *name, uint64_t ticket, char *text, size_t len, struct vip_err *err)
{
	struct slot *slot = slot_find(writer, name);

	if (slot == NULL || slot->tickets == STATE_WRITER_TICKETS_MAX) {
		return vip_err_set(err, -EBUSY, "cannot write the state file %s: %s", name,
			slot == NULL ? "too many files" : "the disk does not answer, too many writes wait");
	}
	if (!slot->waits) {
		slot->waits = true;
		slot->since = ++writer->clock;
	}
	free(slot->text); /* replaced before it was begun: the newer text says all that it said */
	slot->text = text;
	slot->len = len;
	slot->ticket[slot->tickets++] = ticket;
	pthread_cond_signal(&writer->wake);
	return 0;
}

int state_writer_submit(struct state_writer *writer, const char *name, uint64_t ticket, const char *text, size_t len,
	struct vip_err *err)
{
	char *copy = NULL;
	int code;

	assert(strlen(name) < STATE_FILE_NAME_SIZE);
	if (text != NULL && len > STATE_FILE_TEXT_MAX) {
		return vip_err_set(
			err, -EFBIG, "the state file %s would be larger than %d bytes", name, STATE_FILE_TEXT_MAX);
	}
	if (text != NULL && (memchr(text, '\0', len) != NULL || (len > 0 && text[len - 1] != '\n'))) {
		return vip_err_set(err, -EINVAL, "the text for the state file %s is no text of lines", name);
	}
	if (text != NULL) {
		copy = malloc(len + 1);
		if (copy == NULL) {
			return vip_err_set(err, -ENOMEM, "cannot write the state file %s: out of memory", name);
		}
		memcpy(copy, text, len);
	}
	pthread_mutex_lock(&writer->mutex);
	code = slot_submit(writer, name, ticket, copy, len, err);
	pthread_mutex_unlock(&writer->mutex);
	if (code < 0) {
		free(copy);
	}
	return code;
}

int state_writer_schedule(struct state_writer *writer, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return -pthread_setschedparam(writer->thread, policy, &param);
}

int state_writer_fd(const struct state_writer *writer)
{
	return writer->event_fd;
}

/* The first completion of any slot, taken out of its queue. Mutex held. */
static bool completion_take(
	struct state_writer *writer, char *ret_name, uint64_t *ret_ticket, int *ret_code, struct vip_err *ret_err)
{
	for (size_t i = 0; i < writer->slots; i++) {
		struct slot *slot = &writer->slot[i];

		if (slot->done == 0) {
			continue;
		}
		memcpy(ret_name, slot->name, sizeof(slot->name));
		*ret_ticket = slot->ticket[0];
		*ret_code = slot->code[0];
		if (slot->code[0] < 0) {
			*ret_err = slot->err;
		} else {
			ret_err->text[0] = '\0';
		}
		slot->done--;
		slot->tickets--;
		memmove(slot->ticket, slot->ticket + 1, slot->tickets * sizeof(slot->ticket[0]));
		memmove(slot->code, slot->code + 1, slot->tickets * sizeof(slot->code[0]));
		return true;
	}
	return false;
}

size_t state_writer_run(struct state_writer *writer)
{
	size_t count = 0;
	uint64_t events;

	if (read(writer->event_fd, &events, sizeof(events)) < 0 && errno != EAGAIN) {
		assert(errno == EINTR);
	}
	for (; count < RUN_MAX; count++) {
		char name[STATE_FILE_NAME_SIZE];
		struct vip_err err;
		uint64_t ticket;
		int code;
		bool taken;

		pthread_mutex_lock(&writer->mutex);
		taken = completion_take(writer, name, &ticket, &code, &err);
		pthread_mutex_unlock(&writer->mutex);
		if (!taken) {
			return count;
		}
		writer->done(writer->context, name, ticket, code, err.text);
	}
	event_signal(writer); /* there may be more */
	return count;
}

bool state_writer_pending(const struct state_writer *writer)
{
	for (size_t i = 0; i < writer->slots; i++) { /* both only change upwards in our thread, downwards in run */
		if (writer->slot[i].tickets > 0) {
			return true;
		}
	}
	return false;
}

int state_writer_close(struct state_writer *writer, int timeout_ms)
{
	struct timespec until;

	if (writer == NULL) {
		return 0;
	}
	pthread_mutex_lock(&writer->mutex);
	writer->stop = true;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->mutex);
	clock_gettime(CLOCK_REALTIME, &until); /* what pthread_timedjoin_np wants */
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (pthread_timedjoin_np(writer->thread, NULL, &until) != 0) {
		return -ETIMEDOUT;
	}
	while (state_writer_run(writer) > 0) { /* the thread has ended: at most what it left */
	}
	writer_free(writer);
	return 0;
}

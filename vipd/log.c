#define _GNU_SOURCE                  /* pthread_timedjoin_np */
#define SD_JOURNAL_SUPPRESS_LOCATION /* it would always be this file */
#include "vipd/log.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "vipd/log_ring.h"
#include "vipd/text_escape.h"

#define STACK_BYTES (128 * 1024)
#define RETRY_MS 100

/* The one log of the process. */
static struct {
	bool is_open;
	bool hangs;         /* the thread did not end: nothing is written any more */
	enum log_sink sink; /* JOURNAL or STDERR once open */
	_Atomic int level;
	pthread_t thread;
	int wake_fd;
	_Atomic bool stop;
	_Atomic uint64_t lost;
	_Atomic uint64_t lost_told; /* of them already reported */
	struct log_ring ring;
} the_log = { .sink = LOG_TO_STDERR, .level = LOG_IS_INFO, .wake_fd = -1 };

static const char *const level_words[] = {
	[LOG_IS_ERR] = "err",
	[LOG_IS_WARNING] = "warning",
	[LOG_IS_NOTICE] = "notice",
	[LOG_IS_INFO] = "info",
	[LOG_IS_DEBUG] = "debug",
};

int log_priority_parse(const char *word, enum log_priority *ret_level)
{
	for (int level = LOG_IS_ERR; level <= LOG_IS_DEBUG; level++) {
		if (strcmp(level_words[level], word) == 0) {
			*ret_level = (enum log_priority)level;
			return 0;
		}
	}
	return -EINVAL;
}

void log_level_set(enum log_priority level)
{
	assert(level >= LOG_IS_ERR && level <= LOG_IS_DEBUG);
	atomic_store(&the_log.level, (int)level);
}

bool log_enabled(enum log_priority level)
{
	return (int)level <= atomic_load_explicit(&the_log.level, memory_order_relaxed);
}

uint64_t log_lost_count(void)
{
	return atomic_load(&the_log.lost);
}

bool log_limit_pass(struct log_limit *limit, struct vrrp_time now, int64_t interval_us, uint64_t *ret_suppressed)
{
	if (vrrp_time_before(now, limit->next)) {
		limit->suppressed++;
		return false;
	}
	*ret_suppressed = limit->suppressed;
	limit->suppressed = 0;
	limit->next = vrrp_time_add(now, interval_us);
	return true;
}

/* "12345.678901 notice orders: sentence\n" into line; the sentence is already escaped. Returns the length. */
static size_t stderr_line(
	enum log_priority level, const char *instance, const char *sentence, char line[LOG_RECORD_MAX])
{
	struct timespec now;
	int len;

	clock_gettime(CLOCK_BOOTTIME, &now);
	len = snprintf(line, LOG_RECORD_MAX, "%lld.%06ld %s %.64s: %s\n", (long long)now.tv_sec, now.tv_nsec / 1000,
		level_words[level], instance != NULL ? instance : "vipd", sentence);
	assert(len > 0 && len < LOG_RECORD_MAX);
	return (size_t)len;
}

/* "NAME=value" and its 0, appended; left out if there is no room. */
static void journal_field(char *record, size_t *used, const char *name, const char *value)
{
	size_t name_len = strlen(name);
	char escaped[LOG_LINE_MAX];
	size_t len = text_escape(value, escaped, sizeof(escaped));

	if (*used + name_len + 1 + len + 1 <= LOG_RECORD_MAX) {
		memcpy(record + *used, name, name_len);
		record[*used + name_len] = '=';
		memcpy(record + *used + name_len + 1, escaped, len + 1);
		*used += name_len + 1 + len + 1;
	}
}

static size_t journal_record(enum log_priority level, const char *instance, const struct log_field *fields,
	size_t field_count, const char *sentence, char record[LOG_RECORD_MAX])
{
	char digit[2] = { (char)('0' + (int)level), '\0' };
	char message[LOG_LINE_MAX + VRRP_NAME_MAX + 2];
	size_t used = 0;

	snprintf(message, sizeof(message), "%s: %s", instance != NULL ? instance : "vipd", sentence);
	journal_field(record, &used, "MESSAGE", message);
	journal_field(record, &used, "PRIORITY", digit);
	journal_field(record, &used, "SYSLOG_IDENTIFIER", "vipd");
	if (instance != NULL) {
		journal_field(record, &used, "VIPD_INSTANCE", instance);
	}
	for (size_t i = 0; i < field_count && i < LOG_FIELDS_MAX; i++) {
		journal_field(record, &used, fields[i].name, fields[i].value);
	}
	return used;
}

/* Writes a whole line to stderr; waits, which only the writer's thread (or nobody's loop) may. False: it is lost. */
static bool stderr_write(const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = write(STDERR_FILENO, bytes + done, len - done);

		if (got > 0) {
			done += (size_t)got;
		} else if (got < 0 && errno == EAGAIN) { /* somebody made the shared description non-blocking */
			struct pollfd pollfd = { .fd = STDERR_FILENO, .events = POLLOUT };

			if (atomic_load(&the_log.stop)) {
				return false;
			}
			poll(&pollfd, 1, RETRY_MS);
		} else if (got == 0 || errno != EINTR) {
			return false;
		}
	}
	return true;
}

static bool journal_write(const char *record, size_t len)
{
	struct iovec iov[4 + LOG_FIELDS_MAX];
	int count = 0;

	for (size_t pos = 0; pos < len && count < (int)VRRP_ARRAY_LENGTH(iov); count++) {
		size_t field_len = strlen(record + pos);

		/* sendmsg does not write to what it sends; iov_base has no const. */
		memcpy(&iov[count].iov_base, &(const char *){ record + pos }, sizeof(void *));
		iov[count].iov_len = field_len;
		pos += field_len + 1;
	}
	return sd_journal_sendv(iov, count) >= 0;
}

static bool record_write(const char *record, size_t len)
{
	return the_log.sink == LOG_TO_JOURNAL ? journal_write(record, len) : stderr_write(record, len);
}

static size_t record_make(enum log_priority level, const char *instance, const struct log_field *fields,
	size_t field_count, const char *sentence, char record[LOG_RECORD_MAX])
{
	return the_log.sink == LOG_TO_JOURNAL ? journal_record(level, instance, fields, field_count, sentence, record)
					      : stderr_line(level, instance, sentence, record);
}

/* Says how many lines were lost since it was last said. */
static void lost_tell(void)
{
	uint64_t lost = atomic_load(&the_log.lost);
	uint64_t told = atomic_load(&the_log.lost_told);
	char sentence[96];
	char record[LOG_RECORD_MAX];

	if (lost == told) {
		return;
	}
	snprintf(sentence, sizeof(sentence), "%llu lines of this log were lost because it could not be written",
		(unsigned long long)(lost - told));
	if (record_write(record, record_make(LOG_IS_WARNING, NULL, NULL, 0, sentence, record))) {
		atomic_store(&the_log.lost_told, lost);
	}
}

static void *writer_main(void *unused)
{
	(void)unused;
	for (;;) { /* until log_close */
		const char *record;
		uint64_t wakes;
		size_t len;

		while ((record = log_ring_peek(&the_log.ring, &len)) != NULL) {
			if (!record_write(record, len)) {
				atomic_fetch_add(&the_log.lost, 1);
			}
			log_ring_drop(&the_log.ring);
		}
		lost_tell();
		if (atomic_load(&the_log.stop)) {
			return NULL;
		}
		while (read(the_log.wake_fd, &wakes, sizeof(wakes)) < 0 && errno == EINTR) {
		}
	}
}

/* systemd sets JOURNAL_STREAM to device:inode of the stderr it gave us. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device;
	unsigned long long inode;
	struct stat stat_buf;
	char extra;

	return stream != NULL && sscanf(stream, "%llu:%llu%c", &device, &inode, &extra) == 2 &&
	       fstat(STDERR_FILENO, &stat_buf) == 0 && stat_buf.st_dev == device && stat_buf.st_ino == inode;
}

static int thread_start(void)
{
	pthread_attr_t attr;
	sigset_t all;
	sigset_t before;
	int code;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED); /* SCHED_OTHER, whatever the loop runs with */
	pthread_sigmask(SIG_SETMASK, &all, &before);                 /* the thread inherits it */
	code = pthread_create(&the_log.thread, &attr, writer_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -code;
}

int log_open(enum log_sink sink, enum log_priority level, struct vip_err *err)
{
	int code;

	assert(!the_log.is_open);
	log_level_set(level);
	if (sink == LOG_TO_AUTO) {
		sink = stderr_is_journal() ? LOG_TO_JOURNAL : LOG_TO_STDERR;
	}
	the_log.wake_fd = eventfd(0, EFD_CLOEXEC);
	if (the_log.wake_fd < 0) {
		return vip_err_set(err, -errno, "cannot make an eventfd for the log: %s", strerror(errno));
	}
	atomic_store(&the_log.stop, false);
	the_log.sink = sink;
	code = thread_start();
	if (code < 0) {
		close(the_log.wake_fd);
		the_log.wake_fd = -1;
		the_log.sink = LOG_TO_STDERR;
		return vip_err_set(err, code, "cannot start the log's thread: %s", strerror(-code));
	}
	the_log.is_open = true;
	return 0;
}

/* An eventfd's counter never fills up with ones: this write does not block. */
static void writer_wake(void)
{
	uint64_t one = 1;

	while (write(the_log.wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
	}
}

void log_close(void)
{
	struct timespec until;

	if (!the_log.is_open) {
		return;
	}
	the_log.is_open = false;
	atomic_store(&the_log.stop, true);
	writer_wake();
	clock_gettime(
		CLOCK_REALTIME, &until); /* what pthread_timedjoin_np wants; a step only changes how long we wait */
	until.tv_nsec += LOG_DRAIN_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (pthread_timedjoin_np(the_log.thread, NULL, &until) == 0) {
		close(the_log.wake_fd);
	} else { /* it hangs in a write: it keeps its fd, and the process is about to end */
		the_log.hangs = true;
	}
	the_log.wake_fd = -1;
}

void log_write(enum log_priority level, const char *instance, const struct log_field *fields, size_t field_count,
	const char *format, ...)
{
	char raw[LOG_LINE_MAX];
	char sentence[LOG_LINE_MAX];
	char record[LOG_RECORD_MAX];
	int saved_errno = errno;
	va_list args;
	size_t len;

	if (!log_enabled(level)) {
		return;
	}
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_escape(raw, sentence, sizeof(sentence));
	len = record_make(level, instance, fields, field_count, sentence, record);
	if (!the_log.is_open && !the_log.hangs) {
		record_write(record, len);
	} else if (the_log.is_open && log_ring_put(&the_log.ring, record, len)) {
		writer_wake();
	} else {
		atomic_fetch_add(&the_log.lost, 1);
	}
	errno = saved_errno;
}

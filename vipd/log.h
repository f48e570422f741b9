/*
 * The log: one sentence a decision. Only vipd/ logs, each fault once (HACKING.md).
 *
 * stderr lines are "SECONDS.MICROSECONDS LEVEL INSTANCE: sentence", the time is CLOCK_BOOTTIME, so that the logs of
 * several hosts on one machine can be merged; "vipd" stands where there is no instance. In the journal the same
 * sentence is MESSAGE, with PRIORITY, VIPD_INSTANCE and the fields given.
 *
 * Nothing here ever blocks the loop. The loop's thread puts finished lines into a bounded ring; one small thread writes
 * them out (a pipe that nobody reads, a stopped journald and a slow disk stop that thread only). O_NONBLOCK is not
 * used: it would belong to the open file description and so to whoever shares the terminal. A full ring drops the new
 * line and counts it; the count is written when there is room. Before log_open() and after log_close() lines are
 * written directly. Only one thread may log (the ring has one writer), and a forked child must not.
 *
 * Text that came from outside may be given as arguments, never as the format: control characters are escaped (\x1b),
 * lines are cut at LOG_LINE_MAX.
 */
#ifndef VIPD_LOG_H
#define VIPD_LOG_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define LOG_LINE_MAX 2048 /* bytes of a sentence after escaping; below PIPE_BUF, so a line is written as one */
#define LOG_FIELDS_MAX 8
#define LOG_PENDING_BYTES (64 * 1024) /* lines that may wait to be written */
#define LOG_DRAIN_MS 500              /* log_close waits at most this long */

/* syslog's numbers. */
enum log_priority { LOG_IS_ERR = 3, LOG_IS_WARNING, LOG_IS_NOTICE, LOG_IS_INFO, LOG_IS_DEBUG };

enum log_sink { LOG_TO_AUTO, LOG_TO_JOURNAL, LOG_TO_STDERR };

/* A journal field: name [A-Z][A-Z0-9_]*, not beginning with _; value from anywhere. */
struct log_field {
	const char *name;
	const char *value;
};

/*
 * Starts the writer thread. AUTO: the journal if JOURNAL_STREAM names our stderr, else stderr. Returns 0 or -errno.
 * The thread runs with the default scheduling and with all signals blocked. Call it before the loop changes its own.
 */
int log_open(enum log_sink sink, enum log_priority level, struct vip_err *err);

/* Writes out what is pending (at most LOG_DRAIN_MS) and ends the thread. Idempotent. */
void log_close(void);

void log_level_set(enum log_priority level);
bool log_enabled(enum log_priority level);

/* Lines lost since the start because the ring was full or the sink failed. */
uint64_t log_lost_count(void);

/* instance may be NULL. fields may be NULL with count 0. */
void log_write(enum log_priority level, const char *instance, const struct log_field *fields, size_t field_count,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

#define log_err(instance, ...) log_write(LOG_IS_ERR, (instance), NULL, 0, __VA_ARGS__)
#define log_warning(instance, ...) log_write(LOG_IS_WARNING, (instance), NULL, 0, __VA_ARGS__)
#define log_notice(instance, ...) log_write(LOG_IS_NOTICE, (instance), NULL, 0, __VA_ARGS__)
#define log_info(instance, ...) log_write(LOG_IS_INFO, (instance), NULL, 0, __VA_ARGS__)
#define log_debug(instance, ...) log_write(LOG_IS_DEBUG, (instance), NULL, 0, __VA_ARGS__)

/* "err", "warning", "notice", "info", "debug" or -EINVAL. */
int log_priority_parse(const char *word, enum log_priority *ret_level);

/* At most one line an interval for one reason. Zero-initialised. */
struct log_limit {
	struct vrrp_time next;
	uint64_t suppressed;
};

/*
 * True if a line may be written now; *ret_suppressed is then the number of those that were not since the last. Else
 * counts this one.
 */
bool log_limit_pass(struct log_limit *limit, struct vrrp_time now, int64_t interval_us, uint64_t *ret_suppressed);

#endif

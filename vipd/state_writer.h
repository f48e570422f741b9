/*
 * Durable writes that do not stop the loop: one thread runs state_file_save / state_file_remove.
 *
 * Each file name has a place for one text that waits: a newer text replaces one that has not begun. Every ticket
 * completes, in order of its submission within a name: when the text that replaced it (or its own) is durable, which
 * is as good, because a later text of the same file says all that an earlier one said. Completions of a failed write
 * carry its error for all tickets it stood for; nothing is retried here.
 *
 * Sans-loop: poll state_writer_fd() for reading, then call state_writer_run(), which calls back once a ticket, in the
 * caller's thread. The thread has the default scheduling (but see state_writer_schedule) and blocks all signals. Names
 * are served oldest first.
 */
#ifndef VIPD_STATE_WRITER_H
#define VIPD_STATE_WRITER_H

#include "vipd/state_file.h"

#define STATE_WRITER_FILES_MAX 64   /* names a writer knows */
#define STATE_WRITER_TICKETS_MAX 64 /* tickets of one name that have not completed */

struct state_writer;

/*
 * code 0: durable, text is "". Else a negative errno and a sentence. text and name are valid during the call. The
 * callback may submit again.
 */
typedef void (*state_writer_done)(void *context, const char *name, uint64_t ticket, int code, const char *text);

/* dir_fd is duplicated. 0 and *ret_writer, or -errno. */
int state_writer_open(
	int dir_fd, state_writer_done done, void *context, struct state_writer **ret_writer, struct vip_err *err);

/*
 * Submits a text (copied) for the file NAME, or its removal if text is NULL. ticket is the caller's, any number.
 * 0; -EINVAL (as state_file_save), -EFBIG, -EBUSY (too many tickets or names wait: the disk hangs), -ENOMEM.
 */
int state_writer_submit(struct state_writer *writer, const char *name, uint64_t ticket, const char *text, size_t len,
	struct vip_err *err);

/*
 * Lets the thread run with a real-time policy (SCHED_RR, SCHED_FIFO): a promotion waits for it, and it does little but
 * wait for the disk. 0, or a negative errno (then it runs as before).
 */
int state_writer_schedule(struct state_writer *writer, int policy, int priority);

/* Readable when completions wait. */
int state_writer_fd(const struct state_writer *writer);

/* Calls back for the completions that are there (at most 64 a call); returns their number. Never blocks. */
size_t state_writer_run(struct state_writer *writer);

/* True while a ticket has not been called back. */
bool state_writer_pending(const struct state_writer *writer);

/*
 * Finishes what was submitted (a callback may not submit any more), waiting at most timeout_ms for the disk, calls
 * back, frees. 0, or -ETIMEDOUT: the disk hangs, the thread is left behind with its memory (the process is about to
 * end). NULL is accepted.
 */
int state_writer_close(struct state_writer *writer, int timeout_ms);

#endif

/*
 * A file descriptor put into the daemon's loop (sd-event(3)), with its place among the others.
 *
 * The loop owns the source from then on (floating); the descriptor stays the caller's, who closes it only after the
 * loop has gone. Used by daemon.c and instance_open.c.
 */
#ifndef VIPD_LOOP_H
#define VIPD_LOOP_H

#include <stdint.h>
#include <systemd/sd-event.h>

/* So many turns in a while and no more: a flood on one descriptor must not be all that the loop does. */
struct loop_limit {
	uint64_t window_us;
	unsigned turns;
};

/* Calls fn(source, fd, events, user) when fd can be read; limit NULL = none. 0 or more, or a negative errno. */
int loop_add_fd(
	sd_event *loop, int fd, int64_t priority, const struct loop_limit *limit, sd_event_io_handler_t fn, void *user);

#endif

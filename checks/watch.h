/*
 * One stable descriptor that stands for several changing ones.
 *
 * libpq opens, closes and reopens sockets as it likes, and a number may come back as another socket. So each check
 * owns an epoll instance and gives out only that: the caller polls it for POLLIN once and for all (an epoll descriptor
 * is readable while anything in it is ready), calls the check's run function when it is, and never learns what is
 * inside. Only the modules of checks/ use this header.
 *
 * Level-triggered throughout. See epoll(7), "nested".
 */
#ifndef CHECKS_WATCH_H
#define CHECKS_WATCH_H

#include <stdint.h>

#include "vrrp/err.h"

struct check_watch {
	int epoll_fd; /* -1: not open */
};

/* Opens the epoll instance (close-on-exec). 0 or a negative errno. */
int check_watch_open(struct check_watch *watch, struct vip_err *err);

/* Closes it; idempotent. The descriptors inside stay the caller's. */
void check_watch_close(struct check_watch *watch);

/*
 * Waits for events (EPOLLIN | EPOLLOUT …) on fd from now on, whether fd was in before or not; 0 events takes it out.
 * Take a descriptor out before you close it. Only a lack of memory can fail: negative errno.
 */
int check_watch_set(struct check_watch *watch, int fd, uint32_t events, struct vip_err *err);

#endif

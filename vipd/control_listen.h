/*
 * The listening end of the control socket: its file, who may have it, who may connect. Used by control.c alone.
 *
 * The socket is bound under a temporary name with mode 0600 and renamed to its own, so that it is never there half
 * made, and so that a dead daemon's file is replaced in one step. A live daemon (somebody accepts) is never replaced.
 */
#ifndef VIPD_CONTROL_LISTEN_H
#define VIPD_CONTROL_LISTEN_H

#include <limits.h>
#include <sys/types.h>
#include <sys/un.h>

#include "vrrp/err.h"

struct control_listener {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t device; /* of the socket file as made: only this one is removed */
	ino_t inode;
};

/* As control_server_open says of the path. */
int control_listener_open(const char *path, struct control_listener *ret_listener, struct vip_err *err);

/* Closes it and removes the file if it is still this one. */
void control_listener_close(struct control_listener *listener);

/*
 * The next connection of root or of our own user (SO_PEERCRED), non-blocking and close-on-exec; others are closed at
 * once and the next is tried (a bounded number). -EAGAIN: there is none.
 */
int control_listener_accept(struct control_listener *listener);

#endif

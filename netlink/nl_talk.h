/*
 * Inside netlink/ only: requests and dumps over a libmnl socket with a bounded wait (NETLINK_ROUTE, NETLINK_SOCK_DIAG).
 *
 * After a timeout or a broken answer the socket may still hold old messages, so it is thrown away and opened again by
 * the next call. Only the kernel (nl_pid 0) is listened to.
 */
#ifndef NETLINK_NL_TALK_H
#define NETLINK_NL_TALK_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "vrrp/err.h"

#define NL_TALK_TIMEOUT_MS 200
#define NL_TALK_BUFFER_BYTES 32768  /* the largest datagram a dump comes in */
#define NL_TALK_DATAGRAMS_MAX 65536 /* of one dump */
#define NL_TALK_REQUEST_BYTES 512   /* room for a request */

struct nl_talk {
	int bus; /* NETLINK_ROUTE, ... */
	uint32_t seq;
	struct mnl_socket *sock; /* NULL: to be opened by the next call */
};

int nl_talk_open(struct nl_talk *talk, int bus, struct vip_err *err);
void nl_talk_close(struct nl_talk *talk);

/* Sends a request (NLM_F_REQUEST | NLM_F_ACK and the sequence are added), waits for the answer: 0 or negative errno. */
int nl_talk_request(struct nl_talk *talk, struct nlmsghdr *request);

/*
 * Sends a dump request (NLM_F_DUMP is added), hands every message to fn, which answers MNL_CB_OK. Returns 0 or a
 * negative errno; -EINTR: something changed meanwhile, ask again if it must be exact.
 */
int nl_talk_dump(struct nl_talk *talk, struct nlmsghdr *request, mnl_cb_t fn, void *user);

/*
 * mnl_cb_run over one datagram, any bytes, aligned as a struct nlmsghdr: a length beyond the datagram is -EBADMSG.
 * (libmnl takes a length of 4 GB for a negative number, and goes round for ever.) As mnl_cb_run: MNL_CB_OK or
 * MNL_CB_STOP; else a negative errno. seq and port 0: not compared.
 */
int nl_talk_walk(const void *datagram, size_t size_bytes, uint32_t seq, uint32_t port, mnl_cb_t fn, void *user);

/*
 * The kernel's verdict on request number seq: 0 or negative errno, 1 if this datagram is none. Any bytes, aligned.
 */
int nl_talk_verdict(uint32_t seq, const void *datagram, size_t size_bytes);

#endif

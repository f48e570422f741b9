/*
 * The sockets of the reports: UDP, one connected socket a (local, peer) address pair, shared by all instances of the
 * daemon, which are told apart by the VRID inside (protocol.md section 3). Connected, so that the kernel itself drops
 * what comes from anywhere else and a flood of another source never fills a member's receive buffer.
 *
 * What comes from anywhere else ends in a socket a local address that is connected to nobody and takes nothing: there
 * it is counted, and no ICMP answers it. A flood in a peer's own name is thinned out (report_guard.h).
 *
 * Sans-loop: one epoll descriptor for all; report_socks_run reads a bounded number of packets and calls back for each,
 * with the clock read after recvmsg has returned that very packet (B8).
 */
#ifndef VIPD_REPORT_SOCK_H
#define VIPD_REPORT_SOCK_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define REPORT_SOCKS_MAX 128 /* pairs */
#define REPORT_SOCK_BURST 8  /* packets read from one socket a turn of the loop */
#define REPORT_SOCK_BUFFER (256 * 1024)

struct report_socks;

/* bytes are valid during the call only. */
typedef void report_sock_fn(void *user, int pair, const uint8_t *bytes, size_t size_bytes, struct vrrp_time received);

int report_socks_open(
	uint16_t port, report_sock_fn *fn, void *user, struct report_socks **ret_socks, struct vip_err *err);
void report_socks_close(struct report_socks *socks);

/* The pair's number, opened if it is new; or a negative errno. */
int report_socks_pair(
	struct report_socks *socks, const struct vrrp_addr *local, const struct vrrp_addr *peer, struct vip_err *err);

/* Sends without blocking. 0 or a negative errno; nothing is queued or retried here. */
int report_socks_send(struct report_socks *socks, int pair, const uint8_t *bytes, size_t size_bytes);

/* The incarnation that an instance believes of this pair's peer: in a flood, what carries it is heard. */
void report_socks_believe(struct report_socks *socks, int pair, uint8_t vrid, uint64_t incarnation);

/* Packets of this pair that the kernel dropped before they were read; packets from nobody's address, of all. */
uint64_t report_socks_unread(struct report_socks *socks, int pair);
uint64_t report_socks_strangers(struct report_socks *socks);

int report_socks_fd(const struct report_socks *socks);
void report_socks_run(struct report_socks *socks);

#endif

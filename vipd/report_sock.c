#include "vipd/report_sock.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vipd/clock.h"
#include "vipd/report_guard.h"
#include "vrrp/addr.h"
#include "vrrp/report.h"

struct pair {
	int fd;
	struct vrrp_addr local;
	struct vrrp_addr peer;
	struct report_guard guard;
};

/* Hears what no pair does, and takes nothing of it. */
struct deaf {
	int fd;
	struct vrrp_addr local;
	struct report_guard count;
};

struct report_socks {
	int epoll_fd;
	uint16_t port;
	report_sock_fn *fn;
	void *user;
	int count;
	struct pair pair[REPORT_SOCKS_MAX];
	int deaf_count;
	struct deaf deaf[REPORT_SOCKS_MAX];
};

int report_socks_open(
	uint16_t port, report_sock_fn *fn, void *user, struct report_socks **ret_socks, struct vip_err *err)
{
	struct report_socks *socks = calloc(1, sizeof(*socks));

	if (socks == NULL) {
		return vip_err_set(err, -ENOMEM, "report sockets: out of memory");
	}
	socks->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (socks->epoll_fd < 0) {
		int code = -errno;

		free(socks);
		return vip_err_set(err, code, "report sockets: epoll_create1: %s", strerror(-code));
	}
	socks->port = port;
	socks->fn = fn;
	socks->user = user;
	*ret_socks = socks;
	return 0;
}

void report_socks_close(struct report_socks *socks)
{
	if (socks == NULL) {
		return;
	}
	for (int i = 0; i < socks->count; i++) {
		(void)close(socks->pair[i].fd);
	}
	for (int i = 0; i < socks->deaf_count; i++) {
		(void)close(socks->deaf[i].fd);
	}
	(void)close(socks->epoll_fd);
	free(socks);
}

static socklen_t to_sockaddr(const struct vrrp_addr *addr, uint16_t port, struct sockaddr_storage *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	if (addr->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret_address;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, addr->bytes, 4);
		return sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_address;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, addr->bytes, 16);
		return sizeof(*in6);
	}
}

static int set_options(int fd, uint8_t family)
{
	int one = 1;
	int tos = IPTOS_PREC_INTERNETCONTROL;
	int buffer = REPORT_SOCK_BUFFER;
	int priority = 6;

	(void)setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	}
	if (family == 4) {
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	} else {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0) {
			return -errno;
		}
	}
	/* Several sockets share the local address and port; each is connected to another peer. */
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ? -errno : 0;
}

/* Counting strangers is worth no failure: without this socket the kernel refuses them by itself. */
static void open_deaf(struct report_socks *socks, const struct vrrp_addr *local)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &nothing };
	struct deaf *deaf = &socks->deaf[socks->deaf_count];
	struct sockaddr_storage address;
	socklen_t length = to_sockaddr(local, socks->port, &address);
	int fd;

	for (int i = 0; i < socks->deaf_count; i++) {
		if (vrrp_addr_equal(&socks->deaf[i].local, local)) {
			return;
		}
	}
	fd = socket(local->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
		set_options(fd, local->family) < 0 || bind(fd, (struct sockaddr *)&address, length) < 0) {
		(void)close(fd);
		return;
	}
	deaf->fd = fd;
	deaf->local = *local;
	socks->deaf_count++;
}

static int open_pair(struct report_socks *socks, struct pair *pair)
{
	struct sockaddr_storage address;
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)socks->count };
	socklen_t length;
	int code;
	int fd = socket(pair->local.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		return -errno;
	}
	code = set_options(fd, pair->local.family);
	if (code == 0) {
		length = to_sockaddr(&pair->local, socks->port, &address);
		code = bind(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
	}
	if (code == 0) {
		length = to_sockaddr(&pair->peer, socks->port, &address);
		code = connect(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
	}
	if (code == 0) {
		code = epoll_ctl(socks->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
	}
	if (code < 0) {
		(void)close(fd);
		return code;
	}
	pair->fd = fd;
	return 0;
}

int report_socks_pair(
	struct report_socks *socks, const struct vrrp_addr *local, const struct vrrp_addr *peer, struct vip_err *err)
{
	struct pair *pair;
	int code;

	for (int i = 0; i < socks->count; i++) {
		if (vrrp_addr_equal(&socks->pair[i].local, local) && vrrp_addr_equal(&socks->pair[i].peer, peer)) {
			return i;
		}
	}
	if (socks->count == REPORT_SOCKS_MAX || local->family != peer->family) {
		return vip_err_set(err, -EINVAL, "report sockets: too many pairs, or addresses of two families");
	}
	pair = &socks->pair[socks->count];
	pair->local = *local;
	pair->peer = *peer;
	code = open_pair(socks, pair);
	if (code < 0) {
		char from[VRRP_ADDR_TEXT_MAX];
		char to[VRRP_ADDR_TEXT_MAX];

		return vip_err_set(err, code, "UDP socket from %s to %s, port %u: %s", vrrp_addr_format(local, from),
			vrrp_addr_format(peer, to), socks->port, strerror(-code));
	}
	open_deaf(socks, local);
	return socks->count++;
}

void report_socks_believe(struct report_socks *socks, int pair, uint8_t vrid, uint64_t incarnation)
{
	assert(pair >= 0 && pair < socks->count);
	report_guard_believe(&socks->pair[pair].guard, socks->pair[pair].fd, vrid, incarnation);
}

uint64_t report_socks_unread(struct report_socks *socks, int pair)
{
	assert(pair >= 0 && pair < socks->count);
	return report_guard_dropped(&socks->pair[pair].guard, socks->pair[pair].fd);
}

uint64_t report_socks_strangers(struct report_socks *socks)
{
	uint64_t sum = 0;

	for (int i = 0; i < socks->deaf_count; i++) {
		sum += report_guard_dropped(&socks->deaf[i].count, socks->deaf[i].fd);
	}
	return sum;
}

int report_socks_send(struct report_socks *socks, int pair, const uint8_t *bytes, size_t size_bytes)
{
	assert(pair >= 0 && pair < socks->count);
	report_guard_look(&socks->pair[pair].guard, socks->pair[pair].fd, clock_now());
	if (send(socks->pair[pair].fd, bytes, size_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno != ECONNREFUSED) { /* an answer to an earlier packet: that peer's daemon was down */
			return -errno;
		}
		if (send(socks->pair[pair].fd, bytes, size_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			return -errno;
		}
	}
	return 0;
}

int report_socks_fd(const struct report_socks *socks)
{
	return socks->epoll_fd;
}

/* True if there may be more on this socket. */
static bool read_one(struct report_socks *socks, int index)
{
	uint8_t bytes[VRRP_REPORT_BYTES_MAX + 1]; /* one more: a longer packet is seen to be too long */
	ssize_t got = recv(socks->pair[index].fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < 0) {
		/* ECONNREFUSED and the like are answers to what was sent earlier; what waits behind them is read next.
		 */
		return errno != EAGAIN && errno != EWOULDBLOCK;
	}
	report_guard_count(&socks->pair[index].guard);
	socks->fn(socks->user, index, bytes, (size_t)got, clock_now());
	return true;
}

void report_socks_run(struct report_socks *socks)
{
	struct epoll_event events[REPORT_SOCKS_MAX];
	int count = epoll_wait(socks->epoll_fd, events, REPORT_SOCKS_MAX, 0);

	for (int i = 0; i < count; i++) {
		struct pair *pair = &socks->pair[events[i].data.u32];

		for (int burst = 0; burst < REPORT_SOCK_BURST; burst++) {
			if (!read_one(socks, (int)events[i].data.u32)) {
				break;
			}
		}
		report_guard_look(&pair->guard, pair->fd, clock_now());
	}
}

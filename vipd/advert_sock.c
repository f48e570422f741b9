#define _GNU_SOURCE 1 /* struct in6_pktinfo */

#include "vipd/advert_sock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TTL 255
#define TRAFFIC_CLASS 0xc0 /* internetwork control, as routers send it */

struct advert_sock {
	int fd;
	uint8_t family;
	int ifindex;
	struct vrrp_addr source;
};

static const struct vrrp_addr group4 = { 4, { 224, 0, 0, 18 } };
static const struct vrrp_addr group6 = { 6, { 0xff, 0x02, [15] = 0x12 } };

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

struct option {
	int level;
	int name;
	int value;
};

static int set_options(int fd, const struct option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = set_int(fd, options[i].level, options[i].name, options[i].value);

		if (result < 0) {
			return result;
		}
	}
	return 0;
}

static int set_up4(const struct advert_sock *sock)
{
	static const struct option options[] = {
		{ IPPROTO_IP, IP_MULTICAST_TTL, TTL },
		{ IPPROTO_IP, IP_TTL, TTL },
		{ IPPROTO_IP, IP_TOS, TRAFFIC_CLASS },
		{ IPPROTO_IP, IP_MULTICAST_LOOP, 0 },
		{ IPPROTO_IP, IP_MULTICAST_ALL, 0 }, /* only the group joined here, on this interface */
		{ IPPROTO_IP, IP_RECVTTL, 1 },
		{ IPPROTO_IP, IP_PKTINFO, 1 },
	};
	struct ip_mreqn group = { .imr_ifindex = sock->ifindex };
	int result = set_options(sock->fd, options, VRRP_ARRAY_LENGTH(options));

	memcpy(&group.imr_multiaddr, group4.bytes, 4);
	if (result == 0 && (setsockopt(sock->fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)) < 0 ||
				   setsockopt(sock->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)) {
		return -errno;
	}
	return result;
}

static int set_up6(const struct advert_sock *sock)
{
	static const struct option options[] = {
		{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, TTL },
		{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, TTL },
		{ IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS },
		{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 },
		{ IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0 },
		{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
		{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
	};
	struct ipv6_mreq group = { .ipv6mr_interface = (unsigned)sock->ifindex };
	int result = set_options(sock->fd, options, VRRP_ARRAY_LENGTH(options));

	memcpy(&group.ipv6mr_multiaddr, group6.bytes, 16);
	result = result < 0 ? result : set_int(sock->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, sock->ifindex);
	if (result == 0 && setsockopt(sock->fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		return -errno;
	}
	return result;
}

static int set_up(struct advert_sock *sock, const char *interface)
{
	int domain = sock->family == 4 ? AF_INET : AF_INET6;

	sock->fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, ADVERT_SOCK_IP_PROTOCOL);
	if (sock->fd < 0 ||
		setsockopt(sock->fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface) + 1) < 0) {
		return -errno;
	}
	return sock->family == 4 ? set_up4(sock) : set_up6(sock);
}

int advert_sock_open(uint8_t family, int ifindex, const char *interface, const struct vrrp_addr *source,
	struct advert_sock **ret_sock, struct vip_err *err)
{
	struct advert_sock *sock;
	int result;

	assert((family == 4 || family == 6) && source->family == family);
	if (strlen(interface) >= IFNAMSIZ) {
		return vip_err_set(err, -EINVAL, "there is no interface \"%.32s\"", interface);
	}
	sock = calloc(1, sizeof(*sock));
	if (sock == NULL) {
		return vip_err_set(err, -ENOMEM, "socket for advertisements: out of memory");
	}
	*sock = (struct advert_sock){ .fd = -1, .family = family, .ifindex = ifindex, .source = *source };
	result = set_up(sock, interface);
	if (result < 0) {
		advert_sock_close(sock);
		return vip_err_set(err, result, "raw socket for IPv%u advertisements on %s: %s", family, interface,
			strerror(-result));
	}
	*ret_sock = sock;
	return 0;
}

void advert_sock_close(struct advert_sock *sock)
{
	if (sock != NULL) {
		if (sock->fd >= 0) {
			(void)close(sock->fd);
		}
		free(sock);
	}
}

int advert_sock_fd(const struct advert_sock *sock)
{
	return sock->fd;
}

struct vrrp_addr advert_sock_source(const struct advert_sock *sock)
{
	return sock->source;
}

/* Room for one pktinfo and one TTL of either family. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

/* Names the source: else the kernel would choose, and might choose a floating address. */
static void put_source(const struct advert_sock *sock, struct msghdr *header)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);

	if (sock->family == 4) {
		struct in_pktinfo info = { .ipi_ifindex = sock->ifindex };

		memcpy(&info.ipi_spec_dst, sock->source.bytes, 4);
		*control = (struct cmsghdr){
			.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))
		};
		memcpy(CMSG_DATA(control), &info, sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in6_pktinfo info = { .ipi6_ifindex = (unsigned)sock->ifindex };

		memcpy(&info.ipi6_addr, sock->source.bytes, 16);
		*control = (struct cmsghdr){
			.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))
		};
		memcpy(CMSG_DATA(control), &info, sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
	}
}

static socklen_t put_group(const struct advert_sock *sock, struct sockaddr_storage *ret_to)
{
	memset(ret_to, 0, sizeof(*ret_to));
	if (sock->family == 4) {
		struct sockaddr_in to = { .sin_family = AF_INET };

		memcpy(&to.sin_addr, group4.bytes, 4);
		memcpy(ret_to, &to, sizeof(to));
		return sizeof(to);
	} else {
		struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)sock->ifindex };

		memcpy(&to.sin6_addr, group6.bytes, 16);
		memcpy(ret_to, &to, sizeof(to));
		return sizeof(to);
	}
}

int advert_sock_send(struct advert_sock *sock, const uint8_t *bytes, size_t size_bytes, struct vip_err *err)
{
	union control control = { 0 };
	struct sockaddr_storage to;
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size_bytes };
	struct msghdr header = { .msg_name = &to,
		.msg_namelen = put_group(sock, &to),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };

	put_source(sock, &header);
	/* ENOBUFS: dropped on the way out, by the gate or a full queue. Only IPv6 says so; the gate counts its own. */
	if (sendmsg(sock->fd, &header, MSG_DONTWAIT) < 0 && errno != ENOBUFS) {
		return vip_err_set(err, -errno, "send an IPv%u advertisement: %s", sock->family, strerror(errno));
	}
	return 0;
}

static void read_control(struct msghdr *header, struct advert_sock_packet *packet)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		int value;

		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
			(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
			memcpy(&value, CMSG_DATA(c), sizeof(value));
			packet->ttl = (uint8_t)value;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			packet->destination.family = 4;
			memcpy(packet->destination.bytes, CMSG_DATA(c) + offsetof(struct in_pktinfo, ipi_addr), 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			packet->destination.family = 6;
			memcpy(packet->destination.bytes, CMSG_DATA(c) + offsetof(struct in6_pktinfo, ipi6_addr), 16);
		}
	}
}

static void read_source(const struct sockaddr_storage *from, struct advert_sock_packet *packet)
{
	if (from->ss_family == AF_INET) {
		packet->source.family = 4;
		memcpy(packet->source.bytes, (const uint8_t *)from + offsetof(struct sockaddr_in, sin_addr), 4);
	} else if (from->ss_family == AF_INET6) {
		packet->source.family = 6;
		memcpy(packet->source.bytes, (const uint8_t *)from + offsetof(struct sockaddr_in6, sin6_addr), 16);
	}
}

/* A raw IPv4 socket gives the IP header too: takes it off. false: not even that is there. */
static bool strip_ip4(struct advert_sock_packet *packet)
{
	size_t header_bytes = (size_t)(packet->bytes[0] & 0xf) * 4;

	if (packet->size_bytes < sizeof(struct iphdr) || header_bytes > packet->size_bytes) {
		return false;
	}
	packet->size_bytes -= header_bytes;
	memmove(packet->bytes, packet->bytes + header_bytes, packet->size_bytes);
	return true;
}

int advert_sock_recv(struct advert_sock *sock, struct advert_sock_packet *ret_packet, struct vip_err *err)
{
	struct advert_sock_packet packet = { 0 };
	union control control = { 0 };
	struct sockaddr_storage from = { 0 };
	struct iovec part = { .iov_base = packet.bytes, .iov_len = sizeof(packet.bytes) };
	struct msghdr header = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t got = recvmsg(sock->fd, &header, MSG_DONTWAIT);

	if (got < 0) {
		return errno == EAGAIN || errno == EINTR
			       ? 0
			       : vip_err_set(err, -errno, "receive an IPv%u advertisement: %s", sock->family,
					 strerror(errno));
	}
	packet.size_bytes = (size_t)got;
	read_control(&header, &packet);
	read_source(&from, &packet);
	if (sock->family == 4 && !strip_ip4(&packet)) {
		packet.size_bytes = 0; /* the decoder will call it too short */
	}
	*ret_packet = packet;
	return 1;
}

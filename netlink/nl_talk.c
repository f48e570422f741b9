#include "netlink/nl_talk.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

int nl_talk_open(struct nl_talk *talk, int bus, struct vip_err *err)
{
	struct timeval timeout = { .tv_usec = NL_TALK_TIMEOUT_MS * 1000 };
	struct mnl_socket *sock = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int result;

	if (sock == NULL) {
		return vip_err_set(err, -errno, "netlink socket: %s", strerror(errno));
	}
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
		setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
		setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0) {
		result = vip_err_set(err, -errno, "netlink socket: %s", strerror(errno));
		(void)mnl_socket_close(sock);
		return result;
	}
	*talk = (struct nl_talk){ .bus = bus, .sock = sock };
	return 0;
}

void nl_talk_close(struct nl_talk *talk)
{
	if (talk->sock != NULL) {
		(void)mnl_socket_close(talk->sock);
		talk->sock = NULL;
	}
}

static int send_request(struct nl_talk *talk, struct nlmsghdr *request, uint16_t flags)
{
	int result = talk->sock != NULL ? 0 : nl_talk_open(talk, talk->bus, NULL);

	if (result < 0) {
		return result;
	}
	request->nlmsg_flags |= (uint16_t)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = ++talk->seq;
	if (mnl_socket_sendto(talk->sock, request, request->nlmsg_len) < 0) {
		result = errno == EAGAIN ? -ETIMEDOUT : -errno;
		nl_talk_close(talk);
		return result;
	}
	return 0;
}

int nl_talk_walk(const void *datagram, size_t size_bytes, uint32_t seq, uint32_t port, mnl_cb_t fn, void *user)
{
	const uint8_t *at = datagram;
	size_t left = size_bytes;
	int result;

	while (left >= sizeof(struct nlmsghdr)) {
		size_t length = ((const struct nlmsghdr *)at)->nlmsg_len;

		/* libmnl walks attributes up to the aligned end: the kernel pads every message to it. */
		if (length < sizeof(struct nlmsghdr) || length > left || MNL_ALIGN(length) > left) {
			return -EBADMSG;
		}
		at += MNL_ALIGN(length);
		left -= MNL_ALIGN(length);
	}
	result = mnl_cb_run(datagram, size_bytes, seq, port, fn, user);
	return result >= 0 ? result : errno > 0 ? -errno : -EPROTO;
}

int nl_talk_verdict(uint32_t seq, const void *datagram, size_t size_bytes)
{
	const struct nlmsghdr *message = datagram;

	if (size_bytes >= NLMSG_LENGTH(sizeof(struct nlmsgerr)) && message->nlmsg_type == NLMSG_ERROR &&
		message->nlmsg_seq == seq) {
		return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(message))->error;
	}
	return 1;
}

static int receive(struct nl_talk *talk, mnl_cb_t fn, void *user)
{
	static char buffer[NL_TALK_BUFFER_BYTES]; /* one thread, and fn does not ask on */
	int result = -EOVERFLOW;

	for (int i = 0; i < NL_TALK_DATAGRAMS_MAX; i++) {
		ssize_t got = mnl_socket_recvfrom(talk->sock, buffer, sizeof(buffer));
		int more;

		if (got < 0) {
			result = errno == EAGAIN ? -ETIMEDOUT : -errno;
			break;
		}
		result = nl_talk_verdict(talk->seq, buffer, (size_t)got);
		if (result <= 0) {
			return result;
		}
		more = nl_talk_walk(buffer, (size_t)got, talk->seq, mnl_socket_get_portid(talk->sock), fn, user);
		if (more == MNL_CB_STOP) {
			return 0;
		}
		if (more < 0) {
			result = more;
			break;
		}
		result = -EOVERFLOW;
	}
	nl_talk_close(talk);
	return result;
}

int nl_talk_request(struct nl_talk *talk, struct nlmsghdr *request)
{
	int result = send_request(talk, request, NLM_F_ACK);

	return result < 0 ? result : receive(talk, NULL, NULL);
}

int nl_talk_dump(struct nl_talk *talk, struct nlmsghdr *request, mnl_cb_t fn, void *user)
{
	int result = send_request(talk, request, NLM_F_DUMP);

	return result < 0 ? result : receive(talk, fn, user);
}

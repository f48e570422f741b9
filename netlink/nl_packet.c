#include "netlink/nl_packet.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct nl_packet {
	int fd;
};

int nl_packet_open(struct nl_packet **ret_packet, struct vip_err *err)
{
	struct nl_packet *packet = malloc(sizeof(*packet));

	if (packet == NULL) {
		return vip_err_set(err, -ENOMEM, "packet socket: out of memory");
	}
	packet->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (packet->fd < 0) {
		int code = -errno;

		free(packet);
		return vip_err_set(err, code, "packet socket for announcements: %s", strerror(-code));
	}
	*ret_packet = packet;
	return 0;
}

void nl_packet_close(struct nl_packet *packet)
{
	if (packet != NULL) {
		(void)close(packet->fd);
		free(packet);
	}
}

int nl_packet_send(struct nl_packet *packet, int ifindex, const uint8_t *frame, size_t size_bytes, struct vip_err *err)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = ETH_ALEN };

	assert(size_bytes >= ETH_HLEN);
	memcpy(to.sll_addr, frame, ETH_ALEN);
	memcpy(&to.sll_protocol, frame + 2 * ETH_ALEN, sizeof(to.sll_protocol));
	if (sendto(packet->fd, frame, size_bytes, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		return vip_err_set(
			err, -errno, "send an announcement out of interface %d: %s", ifindex, strerror(errno));
	}
	return 0;
}

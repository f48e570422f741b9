#include "netlink/nl_claims.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_BYTES_MAX 128 /* as much as parse looks at, and a VLAN tag more */
#define ARP_SENDER_MAC 22   /* offsets in an Ethernet frame */
#define ARP_SENDER_ADDR 28
#define IP6_NEXT_HEADER 20
#define IP6_MESSAGE 54
#define IP6_TARGET 62
#define NEIGHBOUR_ADVERT 136
#define FILTER_MAX (16 + VRRP_ADDRESSES_MAX * 9)

struct nl_claims {
	int fd;
	int ifindex;
	uint8_t mac[6];
	size_t count;
	struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];
};

struct program {
	struct sock_filter op[FILTER_MAX];
	size_t count;
};

static void put(struct program *program, struct sock_filter op)
{
	assert(program->count < FILTER_MAX);
	program->op[program->count++] = op;
}

static uint32_t word_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Compares the words at offset with one address and ends the program with "take it" if all are equal. */
static void put_address(struct program *program, const struct vrrp_addr *addr, uint32_t offset)
{
	unsigned words = (unsigned)vrrp_addr_size(addr) / 4;

	for (unsigned i = 0; i < words; i++) {
		/* Unequal: past the other words' two instructions each and the ret. */
		uint8_t past = (uint8_t)((words - 1 - i) * 2 + 1);

		put(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset + i * 4));
		put(program, (struct sock_filter)BPF_JUMP(
				     BPF_JMP | BPF_JEQ | BPF_K, word_at(addr->bytes + (size_t)i * 4), 0, past));
	}
	put(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, FRAME_BYTES_MAX));
}

static void put_addresses(
	struct program *program, const struct vrrp_addr *addrs, size_t count, uint8_t family, uint32_t offset)
{
	for (size_t i = 0; i < count; i++) {
		if (addrs[i].family == family) {
			put_address(program, &addrs[i], offset);
		}
	}
	put(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
}

/* Only a hint for the kernel about what to show us; parse decides. */
static void build_filter(const struct vrrp_addr *addrs, size_t count, struct program *ret_program)
{
	const uint32_t vlan = (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG);
	struct program *p = ret_program;
	size_t to_ip6;

	p->count = 0;
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, vlan));
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xfff, 0, 1)); /* another VLAN's frame */
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN));
	to_ip6 = p->count;
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, 0));
	put_addresses(p, addrs, count, 4, ARP_SENDER_ADDR);
	p->op[to_ip6].jf = (uint8_t)(p->count - to_ip6 - 1);
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 1, 0));
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_NEXT_HEADER));
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 1, 0));
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_MESSAGE));
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NEIGHBOUR_ADVERT, 1, 0));
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
	put_addresses(p, addrs, count, 6, IP6_TARGET);
}

/*
 * The filter is attached while the socket has no protocol and so receives nothing; only then is it bound. So no frame
 * slips in unfiltered.
 */
static int set_up(const struct nl_claims *claims)
{
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = claims->ifindex
	};
	struct program program;
	struct sock_fprog attach;
	int on = 1;

	build_filter(claims->addrs, claims->count, &program);
	attach = (struct sock_fprog){ .len = (unsigned short)program.count, .filter = program.op };
	if (setsockopt(claims->fd, SOL_SOCKET, SO_ATTACH_FILTER, &attach, sizeof(attach)) < 0 ||
		setsockopt(claims->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
		bind(claims->fd, (const struct sockaddr *)&where, sizeof(where)) < 0) {
		return -errno;
	}
	return 0;
}

int nl_claims_open(int ifindex, const uint8_t mac[6], const struct vrrp_addr *addrs, size_t count,
	struct nl_claims **ret_claims, struct vip_err *err)
{
	struct nl_claims *claims = calloc(1, sizeof(*claims));
	int result;

	assert(count >= 1 && count <= VRRP_ADDRESSES_MAX);
	if (claims == NULL) {
		return vip_err_set(err, -ENOMEM, "packet socket: out of memory");
	}
	claims->ifindex = ifindex;
	claims->count = count;
	memcpy(claims->mac, mac, sizeof(claims->mac));
	memcpy(claims->addrs, addrs, count * sizeof(*addrs));
	claims->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	result = claims->fd < 0 ? -errno : set_up(claims);
	if (result < 0) {
		nl_claims_close(claims);
		return vip_err_set(err, result, "packet socket for other claimants on interface %d: %s", ifindex,
			strerror(-result));
	}
	*ret_claims = claims;
	return 0;
}

void nl_claims_close(struct nl_claims *claims)
{
	if (claims != NULL) {
		if (claims->fd >= 0) {
			(void)close(claims->fd);
		}
		free(claims);
	}
}

int nl_claims_fd(const struct nl_claims *claims)
{
	return claims->fd;
}

static const struct vrrp_addr *find_address(
	const struct vrrp_addr *addrs, size_t count, uint8_t family, const uint8_t *bytes)
{
	for (size_t i = 0; i < count; i++) {
		if (addrs[i].family == family && memcmp(addrs[i].bytes, bytes, vrrp_addr_size(&addrs[i])) == 0) {
			return &addrs[i];
		}
	}
	return NULL;
}

bool nl_claims_parse(const uint8_t *frame, size_t frame_bytes, const uint8_t mac[6], const struct vrrp_addr *addrs,
	size_t count, struct nl_claim *ret_claim)
{
	const struct vrrp_addr *addr = NULL;
	const uint8_t *claimant = NULL;
	unsigned type;

	if (frame_bytes < ETH_HLEN) {
		return false;
	}
	type = (unsigned)frame[12] << 8 | frame[13];
	if (type == ETH_P_ARP && frame_bytes >= ARP_SENDER_ADDR + 4) {
		addr = find_address(addrs, count, 4, frame + ARP_SENDER_ADDR);
		claimant = frame + ARP_SENDER_MAC;
	} else if (type == ETH_P_IPV6 && frame_bytes >= IP6_TARGET + 16 && frame[IP6_NEXT_HEADER] == IPPROTO_ICMPV6 &&
		   frame[IP6_MESSAGE] == NEIGHBOUR_ADVERT) {
		addr = find_address(addrs, count, 6, frame + IP6_TARGET);
		claimant = frame + ETH_ALEN;
	}
	/* Our own frame, thrown back by a switch or heard on the other leg of a bond, is no claim. */
	if (addr == NULL || memcmp(claimant, mac, ETH_ALEN) == 0) {
		return false;
	}
	ret_claim->addr = *addr;
	memcpy(ret_claim->mac, claimant, sizeof(ret_claim->mac));
	return true;
}

int nl_claims_run(struct nl_claims *claims, nl_claim_fn *fn, void *user, struct vip_err *err)
{
	int found = 0;

	for (int i = 0; i < NL_CLAIMS_FRAMES_MAX; i++) {
		uint8_t frame[FRAME_BYTES_MAX];
		struct nl_claim claim = { .ifindex = claims->ifindex };
		ssize_t got = recv(claims->fd, frame, sizeof(frame), MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			break;
		}
		if (got < 0) {
			return vip_err_set(err, -errno, "listen for other claimants on interface %d: %s",
				claims->ifindex, strerror(errno));
		}
		if (nl_claims_parse(frame, (size_t)got, claims->mac, claims->addrs, claims->count, &claim)) {
			found++;
			fn(user, &claim);
		}
	}
	return found;
}

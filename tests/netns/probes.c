#include "probes.h"

#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* RFC 1071 over length bytes, starting from sum. */
static uint16_t checksum(uint32_t sum, const void *data, size_t length)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < length; i++) {
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	}
	while (sum >> 16) {
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return htons((uint16_t)~sum);
}

static size_t put_ether(const struct probe_set *probe, uint8_t *frame, const uint8_t *to, uint16_t protocol)
{
	struct ether_header *ether = (struct ether_header *)frame;

	memcpy(ether->ether_dhost, to, ETH_ALEN);
	memcpy(ether->ether_shost, probe->mac, ETH_ALEN);
	ether->ether_type = htons(protocol);
	return sizeof(*ether);
}

static void send_frame(const struct probe_set *probe, const uint8_t *frame, size_t length)
{
	/* A full queue or a cable that is down loses the packet, as it would on a wire. */
	(void)!send(probe->fd, frame, length, MSG_DONTWAIT);
}

void probe_send_arp(const struct probe_set *probe)
{
	uint8_t frame[PROBE_FRAME_MAX];
	size_t at = put_ether(probe, frame, broadcast, ETHERTYPE_ARP);
	struct ether_arp arp = { .ea_hdr = { htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), ETH_ALEN, 4,
					 htons(ARPOP_REQUEST) } };

	memcpy(arp.arp_sha, probe->mac, ETH_ALEN);
	memcpy(arp.arp_spa, &probe->source4, 4);
	memcpy(arp.arp_tpa, &probe->target4, 4);
	memcpy(frame + at, &arp, sizeof(arp));
	send_frame(probe, frame, at + sizeof(arp));
}

void probe_send_echo4(const struct probe_set *probe, const uint8_t *to)
{
	uint8_t frame[PROBE_FRAME_MAX];
	size_t at = put_ether(probe, frame, to, ETHERTYPE_IP);
	struct icmphdr icmp = { .type = ICMP_ECHO };
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ICMP };

	icmp.un.echo.id = htons(PROBE_ECHO_ID);
	icmp.un.echo.sequence = htons(probe->sequence);
	icmp.checksum = checksum(0, &icmp, sizeof(icmp));
	ip.tot_len = htons(sizeof(ip) + sizeof(icmp));
	ip.saddr = probe->source4.s_addr;
	ip.daddr = probe->target4.s_addr;
	ip.check = checksum(0, &ip, sizeof(ip));
	memcpy(frame + at, &ip, sizeof(ip));
	memcpy(frame + at + sizeof(ip), &icmp, sizeof(icmp));
	send_frame(probe, frame, at + sizeof(ip) + sizeof(icmp));
}

/* An ICMPv6 message with its pseudo-header checksum; body is at most 64 bytes. */
static void send_icmp6(const struct probe_set *probe, const uint8_t *to, const struct in6_addr *target, uint8_t hops,
	const void *body, size_t length)
{
	uint8_t frame[PROBE_FRAME_MAX];
	size_t at = put_ether(probe, frame, to, ETHERTYPE_IPV6);
	struct ip6_hdr ip = { 0 };
	struct icmp6_hdr *icmp = (struct icmp6_hdr *)(frame + at + sizeof(ip));
	uint32_t sum = (uint32_t)length + IPPROTO_ICMPV6;
	const uint8_t *address[2] = { probe->source6.s6_addr, target->s6_addr };

	ip.ip6_vfc = 6 << 4;
	ip.ip6_plen = htons((uint16_t)length);
	ip.ip6_nxt = IPPROTO_ICMPV6;
	ip.ip6_hlim = hops;
	ip.ip6_src = probe->source6;
	ip.ip6_dst = *target;
	memcpy(frame + at, &ip, sizeof(ip));
	memcpy(icmp, body, length);
	for (size_t i = 0; i < 32; i++) {
		sum += (uint32_t)address[i / 16][i % 16] << (i % 2 == 0 ? 8 : 0);
	}
	icmp->icmp6_cksum = 0;
	icmp->icmp6_cksum = checksum(sum, icmp, length);
	send_frame(probe, frame, at + sizeof(ip) + length);
}

void probe_send_solicitation(const struct probe_set *probe)
{
	struct {
		struct nd_neighbor_solicit head;
		uint8_t option[2];
		uint8_t mac[ETH_ALEN];
	} body = { .head.nd_ns_type = ND_NEIGHBOR_SOLICIT, .option = { ND_OPT_SOURCE_LINKADDR, 1 } };
	struct in6_addr group = { { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff } } };
	uint8_t to[ETH_ALEN] = { 0x33, 0x33, 0xff };

	memcpy(group.s6_addr + 13, probe->target6.s6_addr + 13, 3);
	memcpy(to + 3, probe->target6.s6_addr + 13, 3);
	body.head.nd_ns_target = probe->target6;
	memcpy(body.mac, probe->mac, ETH_ALEN);
	send_icmp6(probe, to, &group, 255, &body, sizeof(body));
}

void probe_send_echo6(const struct probe_set *probe, const uint8_t *to)
{
	struct icmp6_hdr icmp = { .icmp6_type = ICMP6_ECHO_REQUEST };

	icmp.icmp6_id = htons(PROBE_ECHO_ID);
	icmp.icmp6_seq = htons(probe->sequence);
	send_icmp6(probe, to, &probe->target6, 64, &icmp, sizeof(icmp));
}

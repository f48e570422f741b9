/*
 * The gate (protocol.md section 5.1): tc programs that let what concerns a floating address pass only until an absolute
 * instant of CLOCK_BOOTTIME. nl_gate.c loads and attaches them; gate_map.h is what both share.
 *
 * In: packets to the address; ARP whose target is it, unless it is the sender too (that is another host's
 * announcement); neighbour solicitations whose target it is. Out: packets from it; ARP that names it as sender;
 * neighbour advertisements whose target it is; our own VRRP advertisements. Never touched: packets *to* it going out
 * and *from* it coming in, and solicitations for it going out: this host's own clients reach the holder elsewhere
 * through them.
 *
 * A connection that somebody opens to a shut address is answered with ICMP "host unreachable", from this host's own
 * address and never from the floating one: a client that still knows this host's MAC learns at once that it must try
 * again, instead of sending its SYN anew after a second. Addresses of the member's own family only.
 *
 * Two programs a direction: Ethernet links are read from their own header on (VLAN tags in the packet, up to two; a tag
 * in the metadata is not in the packet at all), links without one (tun, WireGuard, GRE) from the network header on.
 * bpf_skb_load_bytes instead of direct access: it also reads what does not lie in the linear part. A packet too short
 * to be read passes: the stack drops it. TC_ACT_UNSPEC leaves the verdict to the filters that follow.
 *
 * Runs with CAP_BPF + CAP_NET_ADMIN on Linux >= 6.1: no loops but unrolled ones, no kernel types.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "netlink/gate_map.h"

#define PROTO_IP4 0x0800
#define PROTO_ARP 0x0806
#define PROTO_VLAN 0x8100
#define PROTO_QINQ 0x88a8
#define PROTO_IP6 0x86dd
#define VLAN_TAGS_MAX 2
#define NEXT_VRRP 112
#define NEXT_ICMP6 58
#define EXTENSIONS_MAX 4 /* IPv6 extension headers walked to find ICMPv6 */
#define ND_SOLICIT 135
#define ND_ADVERT 136
#define NEXT_TCP 6
#define TCP_SYN_ACK_BITS 0x12
#define TCP_SYN_BIT 0x02
#define ETHERNET_BYTES 14
#define HOST_PACKET 0 /* __sk_buff.pkt_type: to this host's MAC */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gate_state);
} vipd_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GATE_ADDRESSES_MAX);
	__type(key, struct gate_key);
	__type(value, struct gate_counters);
} vipd_addrs SEC(".maps");

enum direction { IN, OUT };

/* Where a packet is read from: the Ethernet header, or the network header of a link without one. */
enum link_kind { ETHERNET, BARE };

#define INLINE static __attribute__((always_inline))

INLINE long load(struct __sk_buff *skb, enum link_kind kind, __u32 offset, void *to, __u32 size)
{
	if (kind == ETHERNET) {
		return bpf_skb_load_bytes(skb, offset, to, size);
	}
	return bpf_skb_load_bytes_relative(skb, offset, to, size, BPF_HDR_START_NET);
}

INLINE struct gate_state *state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&vipd_state, &zero);
}

/* The only place that compares with the clock. No map (cannot be): shut. */
INLINE int is_open(const struct gate_state *s, enum direction direction)
{
	__u64 end;

	if (!s) {
		return 0;
	}
	end = direction == IN ? *(volatile const __u64 *)&s->end_in_ns : *(volatile const __u64 *)&s->end_out_ns;
	return bpf_ktime_get_boot_ns() < end;
}

/* The verdict on a packet that names this address in the place that matters. */
INLINE int judge(const struct gate_key *address, enum direction direction)
{
	struct gate_counters *counters = bpf_map_lookup_elem(&vipd_addrs, address);

	if (!counters || is_open(state(), direction)) {
		return TC_ACT_UNSPEC;
	}
	__sync_fetch_and_add(direction == IN ? &counters->dropped_in : &counters->dropped_out, 1);
	return TC_ACT_SHOT;
}

INLINE int judge4(__u32 address, enum direction direction)
{
	struct gate_key key = { { 0, 0, bpf_htonl(0xffff), address } };

	return judge(&key, direction);
}

/* Our own VRRP advertisement, leaving this host; what is merely bridged or forwarded has an ingress interface. */
INLINE int judge_advert(struct __sk_buff *skb, enum link_kind kind, __u32 offset)
{
	struct gate_state *s = state();
	__u8 head[2]; /* version and type, VRID */

	if (!s || skb->ingress_ifindex != 0 || load(skb, kind, offset, head, sizeof(head)) < 0) {
		return TC_ACT_UNSPEC;
	}
	if (head[1] != s->vrid || is_open(s, OUT)) {
		return TC_ACT_UNSPEC;
	}
	__sync_fetch_and_add(&s->dropped_adverts, 1);
	return TC_ACT_SHOT;
}

/* The Internet checksum of what bpf_csum_diff has summed. */
INLINE __u16 checksum(__s64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* Turns the frame round: to its sender, `bytes` from the network header on. Drops it if that cannot be done, or if the
 * sender says that it is everybody: one frame of a liar on the cable must not be one for all. */
INLINE int send_back(struct __sk_buff *skb, struct gate_state *s, const void *packet, __u32 bytes)
{
	__u8 macs[12];
	__u8 back[12];

	if (bpf_skb_change_tail(skb, ETHERNET_BYTES + bytes, 0) < 0 ||
		bpf_skb_load_bytes(skb, 0, macs, sizeof(macs)) < 0 || (macs[6] & 1) != 0) {
		return TC_ACT_SHOT;
	}
	__builtin_memcpy(back, macs + 6, 6);
	__builtin_memcpy(back + 6, macs, 6);
	if (bpf_skb_store_bytes(skb, 0, back, sizeof(back), 0) < 0 ||
		bpf_skb_store_bytes(skb, ETHERNET_BYTES, packet, bytes, 0) < 0) {
		return TC_ACT_SHOT;
	}
	__sync_fetch_and_add(&s->rejected, 1);
	return (int)bpf_redirect(skb->ifindex, 0);
}

/* A SYN that was sent to this very host, untagged, whose TCP header begins at `tcp`. */
INLINE int is_syn(struct __sk_buff *skb, __u32 tcp)
{
	__u8 flags;

	return skb->pkt_type == HOST_PACKET && !skb->vlan_present &&
	       bpf_skb_load_bytes(skb, tcp + 13, &flags, 1) == 0 && (flags & TCP_SYN_ACK_BITS) == TCP_SYN_BIT;
}

/* RFC 792, destination unreachable, code 1: host. `header` is the SYN's, without options and no fragment. */
INLINE int reject4(struct __sk_buff *skb, const __u32 header[5])
{
	struct {
		__u32 ip[5];
		__u32 icmp[2];
		__u32 cited[7];
	} reply = { { bpf_htonl(0x45c00038), 0, bpf_htonl(0x40010000), 0, header[3] }, { bpf_htonl(0x03010000), 0 },
		{ 0 } };
	const __u8 *bytes = (const __u8 *)header;
	struct gate_state *s = state();

	if (!s || s->reject_from[2] != bpf_htonl(0xffff) || bytes[0] != 0x45 || bytes[9] != NEXT_TCP ||
		(header[1] & bpf_htonl(0x3fff)) != 0 || bytes[12] == 0 || bytes[12] >= 0xe0 ||
		!is_syn(skb, ETHERNET_BYTES + 20) ||
		bpf_skb_load_bytes(skb, ETHERNET_BYTES, reply.cited, sizeof(reply.cited)) < 0) {
		return TC_ACT_SHOT;
	}
	reply.ip[3] = s->reject_from[3];
	*((__u16 *)reply.ip + 5) = checksum(bpf_csum_diff(0, 0, reply.ip, sizeof(reply.ip), 0));
	*((__u16 *)reply.icmp + 1) =
		checksum(bpf_csum_diff(0, 0, reply.icmp, sizeof(reply.icmp) + sizeof(reply.cited), 0));
	return send_back(skb, s, &reply, sizeof(reply));
}

/* RFC 4443, destination unreachable, code 3: address. The TCP header follows the IPv6 header at once. */
INLINE int reject6(struct __sk_buff *skb)
{
	struct {
		__u32 ip[10]; /* at first the pseudo-header of the checksum: source, destination, length, next header */
		__u32 icmp[2];
		__u32 cited[12];
	} reply = { { 0 }, { bpf_htonl(0x01030000), 0 }, { 0 } };
	const __u32 length = sizeof(reply.icmp) + sizeof(reply.cited);
	const __u8 *cited = (const __u8 *)reply.cited;
	struct gate_state *s = state();

	if (!s || s->reject_from[0] == 0 || !is_syn(skb, ETHERNET_BYTES + 40) ||
		bpf_skb_load_bytes(skb, ETHERNET_BYTES, reply.cited, sizeof(reply.cited)) < 0 || cited[6] != NEXT_TCP ||
		cited[8] == 0 || cited[8] == 0xff) {
		return TC_ACT_SHOT;
	}
	__builtin_memcpy(reply.ip, s->reject_from, 16);
	__builtin_memcpy(reply.ip + 4, reply.cited + 2, 16);
	reply.ip[8] = bpf_htonl(length);
	reply.ip[9] = bpf_htonl(NEXT_ICMP6);
	*((__u16 *)reply.icmp + 1) = checksum(bpf_csum_diff(0, 0, reply.ip, sizeof(reply), 0));
	reply.ip[0] = bpf_htonl(0x60000000);
	reply.ip[1] = bpf_htonl(length << 16 | NEXT_ICMP6 << 8 | 64);
	__builtin_memcpy(reply.ip + 2, s->reject_from, 16);
	__builtin_memcpy(reply.ip + 6, reply.cited + 2, 16);
	return send_back(skb, s, &reply, sizeof(reply));
}

INLINE int judge_ip4(struct __sk_buff *skb, enum link_kind kind, __u32 offset, enum direction direction)
{
	__u32 header[5];
	const __u8 *bytes = (const __u8 *)header;
	int verdict;

	if (load(skb, kind, offset, header, sizeof(header)) < 0) {
		return TC_ACT_UNSPEC;
	}
	verdict = judge4(direction == IN ? header[4] : header[3], direction);
	if (direction == IN && verdict == TC_ACT_SHOT && kind == ETHERNET && offset == ETHERNET_BYTES) {
		return reject4(skb, header);
	}
	if (direction == OUT && verdict == TC_ACT_UNSPEC && bytes[9] == NEXT_VRRP) {
		return judge_advert(skb, kind, offset + (bytes[0] & 0xf) * 4);
	}
	return verdict;
}

INLINE int judge_arp(struct __sk_buff *skb, enum link_kind kind, __u32 offset, enum direction direction)
{
	__u8 arp[28]; /* hardware and protocol type, lengths, opcode, then MAC, IPv4, MAC, IPv4 */
	__u32 sender, target;

	if (load(skb, kind, offset, arp, sizeof(arp)) < 0) {
		return TC_ACT_UNSPEC;
	}
	if (arp[2] != 0x08 || arp[3] != 0x00 || arp[4] != 6 || arp[5] != 4) {
		return TC_ACT_UNSPEC; /* not IPv4 over Ethernet: the stack takes no notice of it either */
	}
	__builtin_memcpy(&sender, arp + 14, sizeof(sender));
	__builtin_memcpy(&target, arp + 24, sizeof(target));
	if (direction == OUT) {
		return judge4(sender, direction);
	}
	return sender == target ? TC_ACT_UNSPEC : judge4(target, direction);
}

/* Neighbour discovery: the target's address, if the ICMPv6 message is of the type that matters in this direction. */
INLINE int judge_icmp6(struct __sk_buff *skb, enum link_kind kind, __u32 offset, enum direction direction)
{
	struct gate_key target;
	__u8 type;

	if (load(skb, kind, offset, &type, sizeof(type)) < 0 || type != (direction == IN ? ND_SOLICIT : ND_ADVERT) ||
		load(skb, kind, offset + 8, &target, sizeof(target)) < 0) {
		return TC_ACT_UNSPEC;
	}
	return judge(&target, direction);
}

/*
 * Behind the IPv6 header: neighbour discovery and our advertisements, extension headers skipped. Stops at a fragment
 * header: the kernel takes no fragmented neighbour discovery (RFC 6980), and for all the rest the addresses decided.
 */
INLINE int judge_next(struct __sk_buff *skb, enum link_kind kind, __u32 offset, __u8 next, enum direction direction)
{
#pragma unroll
	for (int i = 0; i <= EXTENSIONS_MAX; i++) {
		__u8 extension[2]; /* next header, length in units of 8 bytes without the first */

		if (next == NEXT_ICMP6) {
			return judge_icmp6(skb, kind, offset, direction);
		}
		if (next == NEXT_VRRP) {
			return direction == OUT ? judge_advert(skb, kind, offset) : TC_ACT_UNSPEC;
		}
		if (next != 0 && next != 43 && next != 60) { /* hop-by-hop, routing, destination options */
			return TC_ACT_UNSPEC;
		}
		if (load(skb, kind, offset, extension, sizeof(extension)) < 0) {
			return TC_ACT_UNSPEC;
		}
		next = extension[0];
		offset += (extension[1] + 1) * 8;
	}
	return TC_ACT_UNSPEC;
}

INLINE int judge_ip6(struct __sk_buff *skb, enum link_kind kind, __u32 offset, enum direction direction)
{
	struct {
		__u8 head[8]; /* next header is the seventh */
		struct gate_key source;
		struct gate_key destination;
	} header;
	int verdict;

	if (load(skb, kind, offset, &header, sizeof(header)) < 0) {
		return TC_ACT_UNSPEC;
	}
	verdict = judge(direction == IN ? &header.destination : &header.source, direction);
	if (direction == IN && verdict == TC_ACT_SHOT && kind == ETHERNET && offset == ETHERNET_BYTES) {
		return reject6(skb);
	}
	if (verdict != TC_ACT_UNSPEC) {
		return verdict;
	}
	return judge_next(skb, kind, offset + sizeof(header), header.head[6], direction);
}

INLINE int judge_network(
	struct __sk_buff *skb, enum link_kind kind, __u32 offset, __u16 proto, enum direction direction)
{
	switch (proto) {
	case bpf_htons(PROTO_IP4):
		return judge_ip4(skb, kind, offset, direction);
	case bpf_htons(PROTO_IP6):
		return judge_ip6(skb, kind, offset, direction);
	case bpf_htons(PROTO_ARP):
		return judge_arp(skb, kind, offset, direction);
	default:
		return TC_ACT_UNSPEC;
	}
}

INLINE int judge_ethernet(struct __sk_buff *skb, enum direction direction)
{
	__u32 offset = 12;
	__u16 proto;

	if (bpf_skb_load_bytes(skb, offset, &proto, sizeof(proto)) < 0) {
		return TC_ACT_UNSPEC;
	}
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		if (proto == bpf_htons(PROTO_VLAN) || proto == bpf_htons(PROTO_QINQ)) {
			offset += 4;
			if (bpf_skb_load_bytes(skb, offset, &proto, sizeof(proto)) < 0) {
				return TC_ACT_UNSPEC;
			}
		}
	}
	return judge_network(skb, ETHERNET, offset + 2, proto, direction);
}

SEC("tc")
int vipd_in(struct __sk_buff *skb)
{
	return judge_ethernet(skb, IN);
}

SEC("tc")
int vipd_out(struct __sk_buff *skb)
{
	return judge_ethernet(skb, OUT);
}

SEC("tc")
int vipd_bare_in(struct __sk_buff *skb)
{
	return judge_network(skb, BARE, 0, skb->protocol, IN);
}

SEC("tc")
int vipd_bare_out(struct __sk_buff *skb)
{
	return judge_network(skb, BARE, 0, skb->protocol, OUT);
}

/* For nl_gate_clock: what this clock says, for comparing with the daemon's (a time namespace moves the daemon's). */
SEC("tc")
int vipd_clock(struct __sk_buff *skb __attribute__((unused)))
{
	struct gate_state *s = state();

	if (s) {
		s->clock_ns = bpf_ktime_get_boot_ns();
	}
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "PostgreSQL"; /* none of the helpers above is kept for GPL programs */

/*
 * The questions of the watcher: who has the address (ARP, neighbour solicitation), and does this very host still
 * serve it (echo requests addressed to its MAC). Plain frames on an AF_PACKET socket that the caller opened and owns.
 */
#ifndef NETNS_PROBES_H
#define NETNS_PROBES_H

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define PROBE_FRAME_MAX 256
#define PROBE_ECHO_ID 0x7776

struct probe_set {
	int fd;
	uint8_t mac[ETH_ALEN]; /* of our own interface */
	struct in_addr target4, source4;
	struct in6_addr target6, source6;
	bool has4, has6;
	uint16_t sequence; /* of the echo requests */
};

/* Each sends one frame; a full queue or a cable that is down loses it, as a wire would. RFC 826, 792, 4861, 4443. */
void probe_send_arp(const struct probe_set *probe);
void probe_send_solicitation(const struct probe_set *probe);
void probe_send_echo4(const struct probe_set *probe, const uint8_t *to);
void probe_send_echo6(const struct probe_set *probe, const uint8_t *to);

#endif

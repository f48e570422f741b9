/*
 * The seam for the HMAC of reports (protocol.md section 3.1): HMAC-SHA-256 over all bytes before it, with the
 * instance's cluster_id as part of the input. vrrp/ is pure and knows no OpenSSL: the daemon gives vipd/keys.c's
 * functions, the simulator a stub.
 */
#ifndef VRRP_AUTH_H
#define VRRP_AUTH_H

#include <stddef.h>
#include <stdint.h>

#define VRRP_AUTH_KEY_ID_BYTES 4
#define VRRP_AUTH_MAC_BYTES 32

struct vrrp_auth {
	void *context;
	/* Signs with the first key: writes its id and the MAC; returns 0 or a negative errno. The key id is part of
	 * `bytes` only for verify's caller: sign() writes ret_key_id first and then covers bytes followed by it. */
	int (*sign)(void *context, const uint8_t *bytes, size_t length, uint8_t ret_key_id[VRRP_AUTH_KEY_ID_BYTES],
		uint8_t ret_mac[VRRP_AUTH_MAC_BYTES]);
	/* 0 = good; -ENOKEY = no configured key has this id; -EBADMSG = wrong MAC; other negative errno = failure.
	 * Covers bytes followed by the key id. Compares in constant time. */
	int (*verify)(void *context, const uint8_t *bytes, size_t length, const uint8_t key_id[VRRP_AUTH_KEY_ID_BYTES],
		const uint8_t mac[VRRP_AUTH_MAC_BYTES]);
};

#endif

/*
 * The authentication keys of an instance and the HMAC-SHA-256 of a report (protocol.md section 3.1).
 *
 * Key file: one key a line, 32 to 128 hex digits (openssl rand -hex 32), # comments and empty lines, at most
 * VRRP_KEYS_MAX. The first key signs, every key is accepted; a key's id is the first 4 bytes of the SHA-256 of its
 * bytes. Owner root or the daemon's user, no permission for group or others, a regular file.
 *
 * The MAC covers the length-prefixed cluster_id (2 bytes, big endian, then its bytes), the packet, the key id, so that
 * a clone of production in staging is another cluster. The EVP_MAC context is prepared once a key and duplicated for
 * each packet. Keys are never logged, kept in memory that is wiped on free, and compared in constant time.
 *
 * The two functions of the core's HMAC seam (vrrp/auth.h) are given by keys_auth_get.
 * Not for several threads at once.
 */
#ifndef VIPD_KEYS_H
#define VIPD_KEYS_H

#include "vrrp/auth.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define KEYS_ID_BYTES VRRP_AUTH_KEY_ID_BYTES
#define KEYS_MAC_BYTES VRRP_AUTH_MAC_BYTES
#define KEYS_FILE_BYTES_MAX 8192

struct vip_keys;

/*
 * Reads the key file. Returns 0 and *ret_keys (keys_free); negative errno with a sentence that names the file, the
 * line and what to do, never a key's digits: -EACCES (permissions, owner), -EINVAL (content), or what open said.
 */
int keys_load(const char *path, const char *cluster_id, struct vip_keys **ret_keys, struct vip_err *err);

/* The same from memory, without a look at permissions; path is for messages. */
int keys_load_text(const char *path, const char *text, size_t text_len, const char *cluster_id,
	struct vip_keys **ret_keys, struct vip_err *err);

void keys_free(struct vip_keys *keys);

size_t keys_count(const struct vip_keys *keys);

/* The id of the key that signs. */
void keys_signing_id(const struct vip_keys *keys, uint8_t ret_key_id[KEYS_ID_BYTES]);

/*
 * Signs with the first key. context is a struct vip_keys *. The MAC covers bytes followed by the key id. 0, or -EIO
 * (OpenSSL).
 */
int keys_sign(void *context, const uint8_t *bytes, size_t len, uint8_t ret_key_id[KEYS_ID_BYTES],
	uint8_t ret_mac[KEYS_MAC_BYTES]);

/* 0 if mac is right for bytes followed by key_id, -EBADMSG if not, -ENOKEY, -EIO. Constant time in the MAC's bytes. */
int keys_verify(void *context, const uint8_t *bytes, size_t len, const uint8_t key_id[KEYS_ID_BYTES],
	const uint8_t mac[KEYS_MAC_BYTES]);

/* The seam filled in with these keys, which must outlive it. */
struct vrrp_auth keys_auth_get(struct vip_keys *keys);

#endif

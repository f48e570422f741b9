/*
 * The digest of the effective safety-relevant configuration (protocol.md section 3.1): hosts whose digests differ
 * neither grant nor vouch for each other.
 *
 * It is the SHA-256 of a text of "key=value" lines, a fixed list in a fixed order, defaults filled in: cluster_id,
 * virtual_router_id, quorum, lease_us, restart_grace_us, max_drift_percent, durability, sync_standbys, then one line
 * a member by id (name, address, witness, nofailover, vote_data, replicate_from), and the reserved names of what is
 * not implemented yet. What may differ between hosts or change live (priorities, interfaces, addresses, timers other
 * than the lease) is not in it, nor the software's version. The text lets status explain a difference key by key.
 */
#ifndef VIPD_CONFIG_DIGEST_H
#define VIPD_CONFIG_DIGEST_H

#include "vipd/config.h"
#include "vrrp/report.h"

#define CONFIG_DIGEST_TEXT_SIZE 4096

/* Writes the canonical text (0-terminated) and returns its length; it always fits. */
size_t config_digest_text(const struct config_instance *instance, char ret_text[CONFIG_DIGEST_TEXT_SIZE]);

/* The digest of an instance. Returns 0 or -EIO (OpenSSL refused SHA-256). */
int config_digest_compute(
	const struct config_instance *instance, uint8_t ret_digest[VRRP_DIGEST_BYTES], struct vip_err *err);

/*
 * The same key by key, as reports carry it (report.h): each key's hash at its place in the fixed list of names, and
 * the member list. A place once given to a name stays its. 0 or -EIO.
 */
#define CONFIG_DIGEST_CLUSTER_ID 0 /* the place of cluster_id */

struct config_digest_parts {
	uint32_t key_hash[VRRP_REPORT_KEYS];
	uint32_t member_hash[VRRP_MEMBERS_MAX]; /* by index: name and address */
};

int config_digest_parts_compute(
	const struct config_instance *instance, struct config_digest_parts *ret_parts, struct vip_err *err);

/* The configuration's word for the key at this place; NULL: a later version's, or none. */
const char *config_digest_key_name(unsigned place);

/*
 * Calls differ() for each key whose value is not the same in two canonical texts (NULL = the key is missing there).
 * Bounded by the texts' sizes. Returns the number of differences.
 */
size_t config_digest_compare(const char *ours, const char *theirs,
	void (*differ)(void *context, const char *key, const char *our_value, const char *their_value), void *context);

#endif

/*
 * What must survive the daemon (struct vrrp_stored) as the owner's text of a state file (state_file.h frames it with
 * a version and a sha256), and back: protocol.md sections 4 (grants), 6 (epoch, history) and 4.4 (pause).
 *
 * One "key=value" a line, every key once, in one order; a list is its count and then that many lines. Numbers are
 * decimal, incarnations and fingerprints hexadecimal, positions X/X as PostgreSQL prints them, ballots
 * counter.member.incarnation, each in exactly one spelling: what the reader takes is what the writer writes, byte for
 * byte. Anything else (a key unknown, missing or doubled, a bad number, a history that cannot be one, a cut off line)
 * is -EBADMSG, which the caller treats like a damaged file: no readable state, never half of it.
 *
 * Instants are CLOCK_BOOTTIME, so they mean something under one boot id only. `serving` and `long_grant` carry the boot
 * id of the boot in which they were true ("-" for none); the ..._this_boot booleans are not stored but compared on
 * reading. An empty boot id (not known) is nobody's: false, which is the safe side.
 *
 * Pure text: no file, no clock, no allocation.
 */
#ifndef VIPD_STORED_TEXT_H
#define VIPD_STORED_TEXT_H

#include "vrrp/core_types.h"
#include "vrrp/err.h"

#define STORED_TEXT_SIZE 4096      /* holds every text that stored_text_write() writes, with the 0 */
#define STORED_TEXT_BOOT_ID_MAX 63 /* the kernel's has 36 */

/* Whose state it is. The caller compares: a file of somebody else's says nothing about us. */
struct stored_owner {
	char instance[VRRP_NAME_MAX + 1]; /* [a-z0-9_-]{1,32} */
	uint32_t cluster;                 /* hash of the cluster_id, not 0 */
	uint8_t member_id;                /* 1..255: the configured id, fixed once a state file exists */
};

/*
 * Writes the text, 0-terminated; returns its length. size >= STORED_TEXT_SIZE. boot_id is the present boot's
 * (/proc/sys/kernel/random/boot_id without the newline; [0-9a-zA-Z-], "" = not known). Other arguments, negative
 * instants or durations, and counts out of range are programming errors.
 */
size_t stored_text_write(const struct vrrp_stored *stored, const char *boot_id, const struct stored_owner *owner,
	char *text, size_t size);

/*
 * Reads a 0-terminated text. 0, or -EBADMSG with a sentence that names the line; then the outputs are untouched.
 * boot_id_now as boot_id above.
 */
int stored_text_read(const char *text, const char *boot_id_now, struct vrrp_stored *ret_stored,
	struct stored_owner *ret_owner, struct vip_err *err);

#endif

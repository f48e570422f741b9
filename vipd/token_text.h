/*
 * The text of the token that a restarting holder leaves (protocol.md section 4.3; attacks.md B5): five lines, one
 * spelling each, inside a file of state_file.h (NAME.token), whose checksum it has. Unlike the state file it is written
 * once, and gone before it is used.
 */
#ifndef VIPD_TOKEN_TEXT_H
#define VIPD_TOKEN_TEXT_H

#include "vrrp/core.h"
#include "vrrp/err.h"

#define TOKEN_TEXT_SIZE 512 /* of any token, with the 0 */

/* Writes the token; text holds TOKEN_TEXT_SIZE bytes. boot_id: the present one. Returns its length. */
size_t token_text_write(
	const struct vrrp_token *token, const char *boot_id, const char *instance, char *text, size_t size);

/*
 * Reads it back; this_boot says whether it was written under boot_id_now. 0, or -EBADMSG: no token of this instance
 * (anything that would not be written just so). *ret_token is written on success only.
 */
int token_text_read(const char *text, const char *boot_id_now, const char *instance, struct vrrp_token *ret_token,
	struct vip_err *err);

#endif

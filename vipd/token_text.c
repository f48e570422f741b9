#include "vipd/token_text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BOOT_ID_LEN 36
#define FORMAT "instance=%s\nboot=%s\nballot=%" PRIu64 ".%u.%" PRIx64 "\nlease_end=%" PRId64 "\ndigest="

static const char HEX[] = "0123456789abcdef";

size_t token_text_write(
	const struct vrrp_token *token, const char *boot_id, const char *instance, char *text, size_t size)
{
	const struct vrrp_ballot *ballot = &token->ballot;
	int len;

	assert(size >= TOKEN_TEXT_SIZE && strlen(boot_id) <= BOOT_ID_LEN && strlen(instance) <= VRRP_NAME_MAX);
	len = snprintf(text, size, FORMAT, instance, boot_id, ballot->counter, ballot->member, ballot->incarnation,
		token->lease_end.us);
	assert(len > 0 && (size_t)len + 2 * VRRP_DIGEST_BYTES + 2 <= size);
	for (size_t i = 0; i < VRRP_DIGEST_BYTES; i++) {
		text[len++] = HEX[token->digest[i] >> 4];
		text[len++] = HEX[token->digest[i] & 15];
	}
	text[len++] = '\n';
	text[len] = '\0';
	return (size_t)len;
}

static bool digest_read(const char *digits, uint8_t ret_digest[VRRP_DIGEST_BYTES])
{
	for (size_t i = 0; i < 2 * VRRP_DIGEST_BYTES; i++) {
		const char *digit = digits[i] == '\0' ? NULL : strchr(HEX, digits[i]);

		if (digit == NULL) {
			return false;
		}
		ret_digest[i / 2] = (uint8_t)((i % 2 == 0 ? 0 : ret_digest[i / 2] << 4) | (digit - HEX));
	}
	return true;
}

/* Taken apart loosely, then written again: what does not come out the same is none of ours. */
int token_text_read(const char *text, const char *boot_id_now, const char *instance, struct vrrp_token *ret_token,
	struct vip_err *err)
{
	struct vrrp_token token = { 0 };
	char name[VRRP_NAME_MAX + 1];
	char boot_id[BOOT_ID_LEN + 1];
	char again[TOKEN_TEXT_SIZE];
	const char *digest = strstr(text, "\ndigest=");
	unsigned member = 0;

	if (digest == NULL || sscanf(text,
				      "instance=%32[^\n]\nboot=%36[^\n]\nballot=%20" SCNu64 ".%3u.%16" SCNx64
				      "\nlease_end=%19" SCNd64,
				      name, boot_id, &token.ballot.counter, &member, &token.ballot.incarnation,
				      &token.lease_end.us) != 6) {
		return vip_err_set(err, -EBADMSG, "it is no token");
	}
	token.ballot.member = (uint8_t)member;
	if (token.ballot.counter == 0 || member == 0 || member > UINT8_MAX || token.ballot.incarnation == 0 ||
		token.lease_end.us <= 0 || !digest_read(digest + strlen("\ndigest="), token.digest)) {
		return vip_err_set(err, -EBADMSG, "a value in the token is out of its range");
	}
	(void)token_text_write(&token, boot_id, name, again, sizeof(again));
	if (strcmp(again, text) != 0) {
		return vip_err_set(err, -EBADMSG, "the token is not spelt as tokens are");
	}
	if (strcmp(name, instance) != 0) {
		return vip_err_set(err, -EBADMSG, "it is another instance's token");
	}
	token.this_boot = strcmp(boot_id, boot_id_now) == 0;
	*ret_token = token;
	return 0;
}

#include "vipd/config_digest.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vipd/config_parse.h"

#define KEY_SIZE 64
#define VALUE_SIZE 512

static void __attribute__((format(printf, 3, 4))) line_add(char *text, size_t *used, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text + *used, CONFIG_DIGEST_TEXT_SIZE - *used, format, args);
	va_end(args);
	assert(len >= 0 && (size_t)len < CONFIG_DIGEST_TEXT_SIZE - *used);
	*used += (size_t)len;
}

static const char *word(bool value)
{
	return value ? "yes" : "no";
}

static void members_add(char *text, size_t *used, const struct config_instance *instance)
{
	/* By id, so that the order in the file says nothing. */
	for (unsigned id = 1; id <= UINT8_MAX; id++) {
		for (size_t i = 0; i < instance->member_count; i++) {
			const struct config_member *member = &instance->member[i];
			char address[CONFIG_HOST_TEXT_SIZE];

			if (member->id != id) {
				continue;
			}
			config_host_format(&member->address, address);
			line_add(text, used,
				"member.%u=%s %s witness:%s nofailover:%s vote_data:%s replicate_from:%s\n", id,
				member->name, address, word(member->witness), word(member->nofailover),
				word(member->vote_data),
				member->replicate_from[0] != '\0' ? member->replicate_from : "-");
		}
	}
}

size_t config_digest_text(const struct config_instance *instance, char ret_text[CONFIG_DIGEST_TEXT_SIZE])
{
	size_t used = 0;

	line_add(ret_text, &used, "cluster_id=%s\n", instance->cluster_id);
	line_add(ret_text, &used, "virtual_router_id=%u\n", instance->vrid);
	line_add(ret_text, &used, "quorum=%s\n", instance->quorum == CONFIG_QUORUM_NONE ? "none" : "majority");
	line_add(ret_text, &used, "lease_us=%lld\n", (long long)instance->lease_us);
	line_add(ret_text, &used, "restart_grace_us=%lld\n", (long long)instance->restart_grace_us);
	line_add(ret_text, &used, "max_drift_percent=%u\n", instance->max_drift_percent);
	line_add(ret_text, &used, "durability=%s\n",
		instance->durability == CONFIG_DURABILITY_QUORUM ? "quorum" : "async");
	/* Without effect in async; its default, which grows with the members, must not make one step of them two. */
	line_add(ret_text, &used, "sync_standbys=%u\n",
		instance->durability == CONFIG_DURABILITY_QUORUM ? instance->sync_standbys : 0);
	members_add(ret_text, &used, instance);
	/* Reserved: hosts of a later version that use these must differ from hosts of this one. */
	line_add(ret_text, &used, "external_store=none\n");
	line_add(ret_text, &used, "plain_vrrp_routers=no\n");
	return used;
}

int config_digest_compute(
	const struct config_instance *instance, uint8_t ret_digest[VRRP_DIGEST_BYTES], struct vip_err *err)
{
	char text[CONFIG_DIGEST_TEXT_SIZE];
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len = config_digest_text(instance, text);
	unsigned digest_len = 0;

	if (EVP_Digest(text, len, digest, &digest_len, EVP_sha256(), NULL) != 1 || digest_len != VRRP_DIGEST_BYTES) {
		return vip_err_set(err, -EIO, "OpenSSL cannot compute SHA-256");
	}
	memcpy(ret_digest, digest, VRRP_DIGEST_BYTES);
	return 0;
}

/* One "key=value\n" of a text; both ends are in the text. False at its end. */
struct line {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

static bool line_next(const char **text, struct line *ret_line)
{
	size_t len = strcspn(*text, "\n");
	size_t key_len = strcspn(*text, "=\n");

	if (len == 0) {
		return false;
	}
	ret_line->key = *text;
	ret_line->key_len = key_len;
	ret_line->value = *text + key_len + (key_len < len);
	ret_line->value_len = len - key_len - (key_len < len);
	*text += len + ((*text)[len] == '\n');
	return true;
}

static bool line_find(const char *text, const struct line *wanted, struct line *ret_line)
{
	struct line line;

	while (line_next(&text, &line)) {
		if (line.key_len == wanted->key_len && memcmp(line.key, wanted->key, line.key_len) == 0) {
			*ret_line = line;
			return true;
		}
	}
	return false;
}

/* The keys that reports tell one by one: the name here, and the key's in the text. The order is the wire's. */
static const struct {
	const char *name;
	const char *key; /* NULL: made of the members' lines */
} DIGEST_KEYS[] = {
	{ "cluster_id", "cluster_id" },
	{ "virtual_router_id", "virtual_router_id" },
	{ "quorum", "quorum" },
	{ "lease", "lease_us" },
	{ "restart_grace", "restart_grace_us" },
	{ "max_drift", "max_drift_percent" },
	{ "durability", "durability" },
	{ "sync_standbys", "sync_standbys" },
	{ "replicate_from", NULL },
	{ "external_store", "external_store" },
	{ "plain_vrrp_routers", "plain_vrrp_routers" },
};
_Static_assert(VRRP_ARRAY_LENGTH(DIGEST_KEYS) <= VRRP_REPORT_KEYS, "a report has a place for each key");

const char *config_digest_key_name(unsigned place)
{
	return place < VRRP_ARRAY_LENGTH(DIGEST_KEYS) ? DIGEST_KEYS[place].name : NULL;
}

/* The first four bytes of SHA-256; never 0, which means absent. */
static int hash_text(const char *text, size_t len, uint32_t *ret_hash, struct vip_err *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	uint32_t hash;

	if (EVP_Digest(text, len, digest, &digest_len, EVP_sha256(), NULL) != 1 || digest_len != VRRP_DIGEST_BYTES) {
		return vip_err_set(err, -EIO, "OpenSSL cannot compute SHA-256");
	}
	hash = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
	*ret_hash = hash != 0 ? hash : 1;
	return 0;
}

/* Who streams from whom; a member that streams from the holder, as is usual, adds nothing. */
static int hash_upstreams(const struct config_instance *instance, uint32_t *ret_hash, struct vip_err *err)
{
	char text[CONFIG_DIGEST_TEXT_SIZE] = "";
	size_t used = 0;

	for (unsigned id = 1; id <= UINT8_MAX; id++) {
		for (size_t i = 0; i < instance->member_count; i++) {
			const struct config_member *member = &instance->member[i];

			if (member->id == id && member->replicate_from[0] != '\0') {
				line_add(text, &used, "%u=%s\n", id, member->replicate_from);
			}
		}
	}
	return hash_text(text, used, ret_hash, err);
}

static int hash_key(const char *text, const char *key, uint32_t *ret_hash, struct vip_err *err)
{
	struct line wanted = { .key = key, .key_len = strlen(key) };
	struct line line;
	bool found = line_find(text, &wanted, &line);

	assert(found); /* every name of the list is in the text */
	return hash_text(line.key, line.key_len + 1 + line.value_len, ret_hash, err);
}

int config_digest_parts_compute(
	const struct config_instance *instance, struct config_digest_parts *ret_parts, struct vip_err *err)
{
	struct config_digest_parts parts = { 0 };
	char text[CONFIG_DIGEST_TEXT_SIZE];
	int code = 0;

	config_digest_text(instance, text);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(DIGEST_KEYS) && code == 0; i++) {
		code = DIGEST_KEYS[i].key != NULL ? hash_key(text, DIGEST_KEYS[i].key, &parts.key_hash[i], err)
						  : hash_upstreams(instance, &parts.key_hash[i], err);
	}
	for (size_t i = 0; i < instance->member_count && code == 0; i++) {
		char address[CONFIG_HOST_TEXT_SIZE];
		size_t used = 0;

		config_host_format(&instance->member[i].address, address);
		line_add(text, &used, "%s %s", instance->member[i].name, address);
		code = hash_text(text, used, &parts.member_hash[i], err);
	}
	if (code == 0) {
		*ret_parts = parts;
	}
	return code;
}

typedef void (*differ_function)(void *context, const char *key, const char *our_value, const char *their_value);

/* A piece of a text with a 0 behind it, cut to size. */
static void piece_copy(char *to, size_t size, const char *from, size_t len)
{
	len = len < size - 1 ? len : size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

static void difference_tell(const struct line *ours, const struct line *theirs, differ_function differ, void *context)
{
	const struct line *any = ours != NULL ? ours : theirs;
	char key[KEY_SIZE];
	char our_value[VALUE_SIZE];
	char their_value[VALUE_SIZE];

	piece_copy(key, sizeof(key), any->key, any->key_len);
	if (ours != NULL) {
		piece_copy(our_value, sizeof(our_value), ours->value, ours->value_len);
	}
	if (theirs != NULL) {
		piece_copy(their_value, sizeof(their_value), theirs->value, theirs->value_len);
	}
	differ(context, key, ours != NULL ? our_value : NULL, theirs != NULL ? their_value : NULL);
}

size_t config_digest_compare(const char *ours, const char *theirs, differ_function differ, void *context)
{
	const char *rest = ours;
	struct line line;
	struct line other;
	size_t count = 0;

	while (line_next(&rest, &line)) {
		bool found = line_find(theirs, &line, &other);

		if (!found || other.value_len != line.value_len ||
			memcmp(other.value, line.value, line.value_len) != 0) {
			difference_tell(&line, found ? &other : NULL, differ, context);
			count++;
		}
	}
	for (rest = theirs; line_next(&rest, &line);) {
		if (!line_find(ours, &line, &other)) {
			difference_tell(NULL, &line, differ, context);
			count++;
		}
	}
	return count;
}

#include "vipd/keys.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES_MIN 16
#define CLUSTER_ID_MAX UINT16_MAX

struct key {
	uint8_t id[KEYS_ID_BYTES];
	EVP_MAC_CTX *prepared; /* keyed, with the cluster_id already in it: duplicated for each packet */
};

struct vip_keys {
	EVP_MAC *hmac;
	size_t count;
	struct key key[VRRP_KEYS_MAX];
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Feeds the length-prefixed cluster_id, so that no cluster_id and packet run into another pair. */
static int context_prepare(EVP_MAC_CTX *context, const uint8_t *key, size_t key_len, const char *cluster_id)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end() };
	size_t len = strlen(cluster_id);
	uint8_t prefix[2] = { (uint8_t)(len >> 8), (uint8_t)len };

	assert(len <= CLUSTER_ID_MAX);
	if (EVP_MAC_init(context, key, key_len, params) != 1 || EVP_MAC_update(context, prefix, sizeof(prefix)) != 1 ||
		EVP_MAC_update(context, (const uint8_t *)cluster_id, len) != 1) {
		return -EIO;
	}
	return 0;
}

static int key_add(struct vip_keys *keys, const uint8_t *bytes, size_t len, const char *cluster_id)
{
	struct key *key = &keys->key[keys->count];
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) != 1) {
		return -EIO;
	}
	memcpy(key->id, digest, KEYS_ID_BYTES);
	key->prepared = EVP_MAC_CTX_new(keys->hmac);
	if (key->prepared == NULL) {
		return -ENOMEM;
	}
	keys->count++;
	return context_prepare(key->prepared, bytes, len, cluster_id);
}

/* One line of the file, without its newline. The message never holds what may be a key. */
static int line_parse(struct vip_keys *keys, const char *line, size_t len, const char *cluster_id, const char *where,
	struct vip_err *err)
{
	uint8_t bytes[VRRP_KEY_BYTES_MAX];
	size_t used = 0;
	int code;

	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r')) {
		len--;
	}
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	if (len == 0 || *line == '#') {
		return 0;
	}
	for (; used < len / 2 && used < sizeof(bytes); used++) {
		int high = hex_value(line[2 * used]);
		int low = hex_value(line[2 * used + 1]);

		if (high < 0 || low < 0) {
			break;
		}
		bytes[used] = (uint8_t)(high << 4 | low);
	}
	if (2 * used != len || used < KEY_BYTES_MIN) {
		code = vip_err_set(err, -EINVAL,
			"%s: a key is an even number of 32 to 128 hex digits on a line of its own: make one with "
			"`openssl rand "
			"-hex 32`",
			where);
	} else if (keys->count == VRRP_KEYS_MAX) {
		code = vip_err_set(err, -EINVAL, "%s: more than %d keys: take an old one out", where, VRRP_KEYS_MAX);
	} else {
		code = key_add(keys, bytes, used, cluster_id);
		if (code < 0) {
			vip_err_set(err, code, "%s: OpenSSL cannot prepare HMAC-SHA-256", where);
		}
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return code;
}

/* Two keys with one id would make the id ambiguous; in practice it is the same key twice. */
static int ids_check(const struct vip_keys *keys, const char *path, struct vip_err *err)
{
	for (size_t i = 0; i < keys->count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (memcmp(keys->key[i].id, keys->key[j].id, KEYS_ID_BYTES) == 0) {
				return vip_err_set(err, -EINVAL, "%s: keys %zu and %zu are the same: take one out",
					path, j + 1, i + 1);
			}
		}
	}
	if (keys->count == 0) {
		return vip_err_set(
			err, -EINVAL, "%s: there is no key in it: make one with `openssl rand -hex 32`", path);
	}
	return 0;
}

int keys_load_text(const char *path, const char *text, size_t text_len, const char *cluster_id,
	struct vip_keys **ret_keys, struct vip_err *err)
{
	struct vip_keys *keys = calloc(1, sizeof(*keys));
	unsigned line = 1;
	int code = 0;

	if (keys == NULL) {
		return vip_err_set(err, -ENOMEM, "%s: out of memory", path);
	}
	keys->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (keys->hmac == NULL) {
		keys_free(keys);
		return vip_err_set(err, -EIO, "OpenSSL has no HMAC");
	}
	for (size_t pos = 0; pos < text_len && code == 0; line++) {
		const char *newline = memchr(text + pos, '\n', text_len - pos);
		size_t len = newline != NULL ? (size_t)(newline - (text + pos)) : text_len - pos;
		struct vip_err where;

		vip_err_set(&where, -EINVAL, "%.200s:%u", path, line);
		code = line_parse(keys, text + pos, len, cluster_id, where.text, err);
		pos += len + 1;
	}
	if (code == 0) {
		code = ids_check(keys, path, err);
	}
	if (code < 0) {
		keys_free(keys);
		return code;
	}
	*ret_keys = keys;
	return 0;
}

static int permissions_check(int fd, const char *path, struct vip_err *err)
{
	struct stat stat_buf;

	if (fstat(fd, &stat_buf) < 0) {
		return vip_err_set(err, -errno, "%s: %s", path, strerror(errno));
	}
	if (!S_ISREG(stat_buf.st_mode)) {
		return vip_err_set(err, -EACCES, "%s is no regular file", path);
	}
	if (stat_buf.st_uid != 0 && stat_buf.st_uid != geteuid()) {
		return vip_err_set(err, -EACCES, "%s belongs to uid %u: do `chown root %s`", path,
			(unsigned)stat_buf.st_uid, path);
	}
	if ((stat_buf.st_mode & 077) != 0) {
		return vip_err_set(err, -EACCES, "%s can be read or changed by others (mode %04o): do `chmod 0600 %s`",
			path, (unsigned)(stat_buf.st_mode & 07777), path);
	}
	return 0;
}

int keys_load(const char *path, const char *cluster_id, struct vip_keys **ret_keys, struct vip_err *err)
{
	char text[KEYS_FILE_BYTES_MAX + 1];
	size_t len = 0;
	ssize_t got = 1;
	int code;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		code = errno;
		return vip_err_set(err, -code, "cannot open %s: %s: make it with `openssl rand -hex 32`, mode 0600",
			path, strerror(code));
	}
	code = permissions_check(fd, path, err);
	while (code == 0 && got != 0 && len < sizeof(text)) {
		got = read(fd, text + len, sizeof(text) - len);
		if (got < 0 && errno != EINTR) {
			code = vip_err_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
		}
		len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (code == 0 && len > KEYS_FILE_BYTES_MAX) {
		code = vip_err_set(
			err, -EINVAL, "%s is larger than %d bytes: it is no key file", path, KEYS_FILE_BYTES_MAX);
	}
	if (code == 0) {
		code = keys_load_text(path, text, len, cluster_id, ret_keys, err);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return code;
}

void keys_free(struct vip_keys *keys)
{
	if (keys == NULL) {
		return;
	}
	for (size_t i = 0; i < keys->count; i++) {
		EVP_MAC_CTX_free(keys->key[i].prepared); /* OpenSSL wipes the key in it */
	}
	EVP_MAC_free(keys->hmac);
	OPENSSL_cleanse(keys, sizeof(*keys));
	free(keys);
}

size_t keys_count(const struct vip_keys *keys)
{
	return keys->count;
}

void keys_signing_id(const struct vip_keys *keys, uint8_t ret_key_id[KEYS_ID_BYTES])
{
	memcpy(ret_key_id, keys->key[0].id, KEYS_ID_BYTES);
}

/* HMAC over cluster_id (prepared), bytes and the key's id. */
static int mac_compute(const struct key *key, const uint8_t *bytes, size_t len, uint8_t ret_mac[KEYS_MAC_BYTES])
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t mac_len = 0;
	EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(key->prepared);
	bool ok = copy != NULL && EVP_MAC_update(copy, bytes, len) == 1 &&
		  EVP_MAC_update(copy, key->id, KEYS_ID_BYTES) == 1 &&
		  EVP_MAC_final(copy, mac, &mac_len, sizeof(mac)) == 1 && mac_len == KEYS_MAC_BYTES;

	EVP_MAC_CTX_free(copy);
	if (!ok) {
		return -EIO;
	}
	memcpy(ret_mac, mac, KEYS_MAC_BYTES);
	return 0;
}

int keys_sign(void *context, const uint8_t *bytes, size_t len, uint8_t ret_key_id[KEYS_ID_BYTES],
	uint8_t ret_mac[KEYS_MAC_BYTES])
{
	const struct vip_keys *keys = context;
	int code = mac_compute(&keys->key[0], bytes, len, ret_mac);

	if (code == 0) {
		memcpy(ret_key_id, keys->key[0].id, KEYS_ID_BYTES);
	}
	return code;
}

int keys_verify(void *context, const uint8_t *bytes, size_t len, const uint8_t key_id[KEYS_ID_BYTES],
	const uint8_t mac[KEYS_MAC_BYTES])
{
	const struct vip_keys *keys = context;
	uint8_t right[KEYS_MAC_BYTES];

	for (size_t i = 0; i < keys->count; i++) {
		int code;

		if (memcmp(keys->key[i].id, key_id, KEYS_ID_BYTES) != 0) {
			continue;
		}
		code = mac_compute(&keys->key[i], bytes, len, right);
		if (code == 0 && CRYPTO_memcmp(right, mac, KEYS_MAC_BYTES) != 0) {
			code = -EBADMSG;
		}
		OPENSSL_cleanse(right, sizeof(right));
		return code;
	}
	return -ENOKEY;
}

struct vrrp_auth keys_auth_get(struct vip_keys *keys)
{
	return (struct vrrp_auth){ .context = keys, .sign = keys_sign, .verify = keys_verify };
}

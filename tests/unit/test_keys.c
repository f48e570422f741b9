/*
 * Key files and the HMAC: what is a key file, who may read it, known answers, rotation, and that neither another
 * cluster's packet nor a changed one is taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vipd/keys.h"

#define KEY_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_B "ffeeddccbbaa99887766554433221100"

static struct vip_keys *load(const char *text, const char *cluster_id)
{
	struct vip_keys *keys = NULL;
	struct vip_err err;

	if (keys_load_text("k", text, strlen(text), cluster_id, &keys, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return keys;
}

/* The same MAC computed another way. */
static void reference_mac(const char *cluster_id, const uint8_t *bytes, size_t len, uint8_t mac[32], uint8_t id[4])
{
	uint8_t key[32];
	uint8_t hash[32];
	uint8_t input[1024];
	size_t id_len = strlen(cluster_id);
	unsigned mac_len;

	for (size_t i = 0; i < 32; i++) {
		key[i] = (uint8_t)((i % 16) * 0x11);
	}
	assert_int_equal(EVP_Digest(key, 32, hash, NULL, EVP_sha256(), NULL), 1);
	memcpy(id, hash, 4);
	input[0] = (uint8_t)(id_len >> 8);
	input[1] = (uint8_t)id_len;
	memcpy(input + 2, cluster_id, id_len);
	memcpy(input + 2 + id_len, bytes, len);
	memcpy(input + 2 + id_len + len, id, 4);
	assert_non_null(HMAC(EVP_sha256(), key, 32, input, 2 + id_len + len + 4, mac, &mac_len));
}

static void the_mac_covers_cluster_packet_and_key_id(void **state)
{
	struct vip_keys *keys = load(KEY_A "\n", "cluster");
	uint8_t packet[600];
	uint8_t mac[32], id[4], right[32], right_id[4];

	(void)state;
	memset(packet, 0x5a, sizeof(packet));
	reference_mac("cluster", packet, sizeof(packet), right, right_id);
	for (int i = 0; i < 3; i++) { /* the prepared context is not used up */
		assert_int_equal(keys_sign(keys, packet, sizeof(packet), id, mac), 0);
		assert_memory_equal(id, right_id, 4);
		assert_memory_equal(mac, right, 32);
	}
	assert_int_equal(keys_verify(keys, packet, sizeof(packet), id, mac), 0);
	packet[599] ^= 1;
	assert_int_equal(keys_verify(keys, packet, sizeof(packet), id, mac), -EBADMSG);
	packet[599] ^= 1;
	assert_int_equal(keys_verify(keys, packet, sizeof(packet) - 1, id, mac), -EBADMSG);
	mac[31] ^= 0x80;
	assert_int_equal(keys_verify(keys, packet, sizeof(packet), id, mac), -EBADMSG);
	id[0] ^= 1;
	assert_int_equal(keys_verify(keys, packet, sizeof(packet), id, mac), -ENOKEY);
	keys_free(keys);
	keys_free(NULL);
}

static void another_cluster_is_not_believed(void **state)
{
	struct vip_keys *ours = load(KEY_A, "production");
	struct vip_keys *clone = load(KEY_A, "staging");
	struct vrrp_auth auth = keys_auth_get(ours);
	uint8_t mac[32], id[4];

	(void)state;
	assert_int_equal(auth.sign(auth.context, (const uint8_t *)"x", 1, id, mac), 0);
	assert_int_equal(auth.verify(auth.context, (const uint8_t *)"x", 1, id, mac), 0);
	assert_int_equal(keys_verify(clone, (const uint8_t *)"x", 1, id, mac), -EBADMSG);
	keys_free(ours);
	keys_free(clone);
}

static void the_first_key_signs_and_every_key_is_accepted(void **state)
{
	struct vip_keys *before = load(KEY_A, "c");
	struct vip_keys *between = load("# old first\n" KEY_A "\n\n\t" KEY_B " \r\n", "c");
	struct vip_keys *after = load(KEY_B "\n" KEY_A, "c");
	uint8_t mac[32], id[4], signing[4];

	(void)state;
	assert_int_equal(keys_count(between), 2);
	assert_int_equal(keys_sign(before, NULL, 0, id, mac), 0);
	assert_int_equal(keys_verify(after, NULL, 0, id, mac), 0);
	assert_int_equal(keys_sign(after, NULL, 0, id, mac), 0);
	assert_int_equal(keys_verify(between, NULL, 0, id, mac), 0);
	assert_int_equal(keys_verify(before, NULL, 0, id, mac), -ENOKEY);
	keys_signing_id(after, signing);
	assert_memory_equal(signing, id, 4);
	keys_free(before);
	keys_free(between);
	keys_free(after);
}

static const struct {
	const char *text;
	const char *words;
} bads[] = {
	{ "", "no key" },
	{ "# nothing\n\n", "no key" },
	{ "00112233445566778899aabbccddee\n", "k:1: a key is" },
	{ "#\n00112233445566778899aabbccddeeff0\n", "k:2: a key is" },
	{ KEY_A "\nzz112233445566778899aabbccddeeff\n", "k:2: a key is" },
	{ KEY_A KEY_A "00\n", "k:1: a key is" },
	{ KEY_A " " KEY_B "\n", "k:1: a key is" },
	{ "0x" KEY_A "\n", "k:1: a key is" },
	{ KEY_A "\n" KEY_B "\n" KEY_A "\n", "keys 1 and 3 are the same" },
	{ "00000000000000000000000000000001\n00000000000000000000000000000002\n00000000000000000000000000000003\n"
	  "00000000000000000000000000000004\n00000000000000000000000000000005\n",
		"k:5: more than 4 keys" },
};

static void bad_key_files_are_refused_without_repeating_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(bads); i++) {
		struct vip_keys *keys;
		struct vip_err err;

		assert_int_equal(keys_load_text("k", bads[i].text, strlen(bads[i].text), "c", &keys, &err), -EINVAL);
		if (strstr(err.text, bads[i].words) == NULL) {
			fail_msg("case %zu: %s", i, err.text);
		}
		assert_null(strstr(err.text, "2233"));
	}
}

static void only_files_of_our_own_are_read(void **state)
{
	char folder[] = "/tmp/vipd-test-XXXXXX";
	char path[64];
	struct vip_keys *keys;
	struct vip_err err;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key", folder);
	assert_int_equal(keys_load(path, "c", &keys, &err), -ENOENT);
	assert_non_null(strstr(err.text, "openssl rand"));
	assert_int_equal(keys_load(folder, "c", &keys, &err), -EACCES);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, KEY_A "\n", 65), 65);
	assert_int_equal(keys_load(path, "c", &keys, &err), 0);
	keys_free(keys);
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		assert_int_equal(fchmod(fd, 0600 | bit), 0);
		assert_int_equal(keys_load(path, "c", &keys, &err), -EACCES);
		assert_non_null(strstr(err.text, "chmod 0600"));
	}
	assert_int_equal(fchmod(fd, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, 12345, 0), 0);
		assert_int_equal(keys_load(path, "c", &keys, &err), -EACCES);
		assert_non_null(strstr(err.text, "chown root"));
		assert_int_equal(fchown(fd, 0, 0), 0);
	}
	assert_int_equal(ftruncate(fd, KEYS_FILE_BYTES_MAX + 1), 0);
	assert_int_equal(keys_load(path, "c", &keys, &err), -EINVAL);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(keys_load(path, "c", &keys, &err), -EACCES); /* and does not wait */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void the_cost_of_a_packet_is_printed(void **state)
{
	struct vip_keys *keys = load(KEY_A, "some words");
	const int rounds = 5000;
	uint8_t packet[600] = { 0 };
	uint8_t mac[32], id[4];
	struct timespec from, to;
	double us;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < rounds; i++) {
		packet[0] = (uint8_t)i;
		assert_int_equal(keys_sign(keys, packet, sizeof(packet), id, mac), 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	us = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1000.0 / rounds;
	print_message("# %.2f us to sign 600 bytes\n", us);
	keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mac_covers_cluster_packet_and_key_id),
		cmocka_unit_test(another_cluster_is_not_believed),
		cmocka_unit_test(the_first_key_signs_and_every_key_is_accepted),
		cmocka_unit_test(bad_key_files_are_refused_without_repeating_them),
		cmocka_unit_test(only_files_of_our_own_are_read),
		cmocka_unit_test(the_cost_of_a_packet_is_printed),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

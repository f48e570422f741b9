/*
 * Reports to test with: a key that needs no OpenSSL, one report whose every field has a value of its own, its committed
 * bytes, and random ones. For the tests of report.h and its fuzz target; include it after cmocka.h.
 */
#ifndef TESTS_UNIT_REPORT_SAMPLES_H
#define TESTS_UNIT_REPORT_SAMPLES_H

#include <errno.h>
#include <string.h>

#include "vrrp/prng.h"
#include "vrrp/report.h"

#define SIZE VRRP_REPORT_BYTES_MAX
#define BODY 891
#define BODY_FIRST 772 /* of the first release */
#define TRAILER 36
#define LENGTH (BODY + TRAILER)

/* Stands in for the HMAC: every step is a bijection of the state, so no single changed byte goes unnoticed. */
static inline void fake_mac(const uint8_t *bytes, size_t length, const uint8_t *key_id, uint8_t *ret_mac)
{
	for (unsigned lane = 0; lane < 4; lane++) {
		uint64_t h = UINT64_C(0xcbf29ce484222325) + lane;

		for (size_t i = 0; i < length + VRRP_AUTH_KEY_ID_BYTES; i++) {
			h = (h ^ (i < length ? bytes[i] : key_id[i - length])) * UINT64_C(0x100000001b3);
		}
		memcpy(ret_mac + 8 * lane, &h, sizeof(h));
	}
}

static const uint8_t KEY_ID[VRRP_AUTH_KEY_ID_BYTES] = { 0xde, 0xad, 0xbe, 0xef };

/* *context: 0, or the negative errno to fail with. */
static inline int fake_sign(void *context, const uint8_t *bytes, size_t length, uint8_t *ret_key_id, uint8_t *ret_mac)
{
	memcpy(ret_key_id, KEY_ID, sizeof(KEY_ID));
	fake_mac(bytes, length, KEY_ID, ret_mac);
	return *(int *)context;
}

static inline int fake_verify(
	void *context, const uint8_t *bytes, size_t length, const uint8_t *key_id, const uint8_t *mac)
{
	uint8_t want[VRRP_AUTH_MAC_BYTES];

	if (memcmp(key_id, KEY_ID, sizeof(KEY_ID)) != 0) {
		return -ENOKEY;
	}
	fake_mac(bytes, length, key_id, want);
	return memcmp(mac, want, sizeof(want)) != 0 ? -EBADMSG : *(int *)context;
}

/* What the fake key answers instead of 0: a negative errno. */
static int auth_result;
static const struct vrrp_auth AUTH = { .context = &auth_result, .sign = fake_sign, .verify = fake_verify };
static const struct vrrp_report_expect EXPECT = { .vrid = 51, .sender = 2 };

/* Writes the length into a packet of any size and signs it again. */
static inline void sign_again(uint8_t *bytes, size_t length)
{
	bytes[6] = (uint8_t)(length >> 8);
	bytes[7] = (uint8_t)length;
	memcpy(bytes + length - TRAILER, KEY_ID, sizeof(KEY_ID));
	fake_mac(bytes, length - TRAILER, KEY_ID, bytes + length - VRRP_AUTH_MAC_BYTES);
}

/* A quarter of all numbers is small or extreme, where mistakes are. */
static inline uint64_t draw(struct vrrp_prng *prng)
{
	switch (vrrp_prng_below(prng, 8)) {
	case 0:
		return vrrp_prng_below(prng, 3);
	case 1:
		return UINT64_MAX;
	default:
		return vrrp_prng_next(prng);
	}
}

static inline struct vrrp_ballot draw_ballot(struct vrrp_prng *prng)
{
	if (vrrp_prng_chance(prng, 1, 4)) {
		return (struct vrrp_ballot){ 0 };
	}
	return (struct vrrp_ballot){
		.counter = draw(prng) | 1,
		.incarnation = draw(prng),
		.member = (uint8_t)vrrp_prng_range(prng, 1, 255),
	};
}

static inline struct vrrp_report_config draw_config(struct vrrp_prng *prng)
{
	return (struct vrrp_report_config){ draw_ballot(prng), (uint32_t)draw(prng), (uint16_t)draw(prng),
		(uint8_t)draw(prng) };
}

static inline struct vrrp_report draw_report(struct vrrp_prng *prng)
{
	struct vrrp_report r = {
		.vrid = 51,
		.sender = 2,
		.role = (uint8_t)vrrp_prng_below(prng, VRRP_ROLE_COUNT),
		.priority = (uint8_t)draw(prng),
		.switchover_target = (uint8_t)draw(prng),
		.upstream = (uint8_t)draw(prng),
		.sync_state = (uint8_t)vrrp_prng_below(prng, 4),
		.flags = (uint16_t)draw(prng),
		.incarnation = draw(prng) | 1,
		.seq = draw(prng) | 1,
		.fault_reasons = (uint32_t)draw(prng),
		.pause_counter = (uint32_t)draw(prng),
		.ask_ms = (uint32_t)draw(prng),
		.ballot = draw_ballot(prng),
		.ballot_highest = draw_ballot(prng),
		.release = draw_ballot(prng),
		.grant = { draw_ballot(prng), draw(prng), draw(prng), (uint32_t)draw(prng), (uint8_t)draw(prng) },
		.refusal = { draw_ballot(prng), (uint32_t)draw(prng), (uint8_t)draw(prng), (uint8_t)draw(prng) },
		.system_identifier = draw(prng),
		.epoch = draw_ballot(prng),
		.position = draw(prng),
		.replayed = draw(prng),
		.replay_lag_ms = (uint32_t)draw(prng),
		.timeline = (uint32_t)draw(prng),
		.port = (uint16_t)draw(prng),
		.history = { .count = (uint8_t)vrrp_prng_below(prng, VRRP_HISTORY_MAX + 1) },
		.voucher = { draw_ballot(prng), draw(prng), (uint8_t)vrrp_prng_below(prng, 3) },
		.config_stored = draw_config(prng),
		.config_asked = draw_config(prng),
		.echo_count = (uint8_t)vrrp_prng_below(prng, VRRP_MEMBERS_MAX + 1),
	};

	for (unsigned i = 0; i < VRRP_DIGEST_BYTES; i++) {
		r.digest[i] = (uint8_t)draw(prng);
	}
	for (unsigned i = 0; i < r.history.count; i++) {
		r.history.entry[i] = (struct vrrp_timeline){ (uint32_t)draw(prng), draw(prng), draw(prng) };
	}
	for (unsigned i = 0; i < r.echo_count; i++) {
		r.echo[i] = (struct vrrp_report_echo){ draw(prng), draw(prng), draw(prng), draw(prng),
			(uint8_t)draw(prng) };
	}
	for (unsigned i = 0; i < VRRP_REPORT_KEYS; i++) {
		r.key_hash[i] = (uint32_t)draw(prng);
	}
	r.members.count = (uint8_t)vrrp_prng_below(prng, VRRP_MEMBERS_MAX + 1);
	for (unsigned i = 0; i < r.members.count; i++) {
		r.members.entry[i] = (struct vrrp_member_entry){ (uint32_t)draw(prng),
			(uint8_t)(i * 28 + vrrp_prng_range(prng, 1, 28)), (uint8_t)draw(prng) };
	}
	return r;
}

/* Every field has a value of its own; made from report.c's table by another program than the encoder. */
static const uint8_t GOLDEN[BODY + 1] =
	"\x56\x49\x50\x44\x01\x33\x03\x9f\x02\x05\x96\x03\x01\x02\x01\xc3\x11\x12\x13\x14\x15\x16\x17\x18"
	"\x21\x22\x23\x24\x25\x26\x27\x28\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
	"\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\x00\x01\x02\x04\x00\x00\x00\x07"
	"\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x00\x31\x31\x32\x33\x34\x35\x36\x37\x38\x02\x00\x00\x00"
	"\x00\x00\x00\x00\x41\x41\x42\x43\x44\x45\x46\x47\x48\x03\x00\x00\x00\x00\x00\x00\x00\x51\x51\x52"
	"\x53\x54\x55\x56\x57\x58\x02\x03\x00\x00\x03\x84\x00\x00\x00\x00\x00\x00\x00\x61\x61\x62\x63\x64"
	"\x65\x66\x67\x68\x03\x71\x72\x73\x74\x75\x76\x77\x78\x81\x82\x83\x84\x85\x86\x87\x88\x01\x05\x00"
	"\x00\x00\xfa\x00\x00\x00\x00\x00\x00\x00\x91\x91\x92\x93\x94\x95\x96\x97\x98\x01\xa1\xa2\xa3\xa4"
	"\xa5\xa6\xa7\xa8\x00\x00\x00\x00\x00\x00\x00\xb1\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\x02\x00\x00\x00"
	"\x00\x05\xa3\xf2\xc8\x00\x00\x00\x00\x05\xa3\xf2\x00\x00\x00\x00\x2a\x00\x00\x00\x04\x15\x38\x02"
	"\x00\x00\x00\x03\x00\x00\x00\x00\x03\x00\x00\x28\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\x00\x00\x00\x04"
	"\x00\x00\x00\x00\x04\x00\x21\x70\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xe1\xe2\xe3\xe4\xe5\xe6\xe7"
	"\xe8\x00\x00\x00\x00\x00\x00\x00\xf1\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\x03\x01\x00\x05\x00\x00\x00"
	"\x09\x00\x00\x00\x00\x00\x00\x00\x12\x01\x02\x03\x04\x05\x06\x07\x08\x02\x02\x00\x07\x00\x00\x00"
	"\x0a\x00\x00\x00\x00\x00\x00\x00\x13\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x02\x02\x01\x1a\x1b\x1c\x1d"
	"\x1e\x1f\x10\x11\x2a\x2b\x2c\x2d\x2e\x2f\x20\x21\x3a\x3b\x3c\x3d\x3e\x3f\x30\x31\x4a\x4b\x4c\x4d"
	"\x4e\x4f\x40\x41\x03\x5a\x5b\x5c\x5d\x5e\x5f\x50\x51\x6a\x6b\x6c\x6d\x6e\x6f\x60\x61\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00"
	"\xb0\xb0\xb0\xb0\xb0\xb0\xb0\xb1\xb0\xb0\xb0\xb2\xb0\xb0\xb0\xb3\xb0\xb0\xb0\xb4\xb0\xb0\xb0\xb5"
	"\xb0\xb0\xb0\xb6\xb0\xb0\xb0\xb7\xb0\xb0\xb0\xb8\xb0\xb0\xb0\xb9\xb0\xb0\xb0\xba\xb0\xb0\xb0\xbb"
	"\xb0\xb0\xb0\xbc\xb0\xb0\xb0\xbd\xb0\xb0\xb0\xbe\xb0\xb0\xb0\xbf\x03\x01\x00\xc0\xc1\xc2\xc3\x02"
	"\x06\xd0\xd1\xd2\xd3\x07\x01\xe0\xe1\xe2\xe3\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

static inline struct vrrp_report golden_report(void)
{
	struct vrrp_report r = {
		.vrid = 51,
		.sender = 2,
		.role = VRRP_ROLE_MASTER,
		.priority = 150,
		.switchover_target = 3,
		.upstream = 1,
		.sync_state = 2,
		.flags = 0x01c3,
		.incarnation = 0x1112131415161718,
		.seq = 0x2122232425262728,
		.fault_reasons = 0x00010204,
		.pause_counter = 7,
		.ask_ms = 1000,
		.ballot = { 0x31, 0x3132333435363738, 2 },
		.ballot_highest = { 0x41, 0x4142434445464748, 3 },
		.release = { 0x51, 0x5152535455565758, 2 },
		.grant = { { 0x61, 0x6162636465666768, 3 }, 0x7172737475767778, 0x8182838485868788, 900, 3 },
		.refusal = { { 0x91, 0x9192939495969798, 1 }, 250, 1, VRRP_REFUSAL_VETO },
		.system_identifier = 0xa1a2a3a4a5a6a7a8,
		.epoch = { 0xb1, 0xb1b2b3b4b5b6b7b8, 2 },
		.position = 0x5a3f2c8,
		.replayed = 0x5a3f200,
		.replay_lag_ms = 42,
		.timeline = 4,
		.port = 5432,
		.history = { 2, { { 3, 0x3000028, 0xc1c2c3c4c5c6c7c8 }, { 4, 0x4002170, 0xd1d2d3d4d5d6d7d8 } } },
		.voucher = { { 0xf1, 0xf1f2f3f4f5f6f7f8, 3 }, 0xe1e2e3e4e5e6e7e8, 2 },
		.config_stored = { { 0x12, 0x0102030405060708, 2 }, 9, 5, 1 },
		.config_asked = { { 0x13, 0x090a0b0c0d0e0f10, 2 }, 10, 7, 2 },
		.echo_count = 2,
		.echo = { { 0x1a1b1c1d1e1f1011, 0x2a2b2c2d2e2f2021, 0x3a3b3c3d3e3f3031, 0x4a4b4c4d4e4f4041, 1 },
			{ 0x5a5b5c5d5e5f5051, 0x6a6b6c6d6e6f6061, 0, 0, 3 } },
		.members = { 3, { { 0xc0c1c2c3, 1, 0 }, { 0xd0d1d2d3, 2, 6 }, { 0xe0e1e2e3, 7, 1 } } },
	};

	for (unsigned i = 0; i < VRRP_DIGEST_BYTES; i++) {
		r.digest[i] = (uint8_t)(0x80 + i);
	}
	for (unsigned i = 0; i < VRRP_REPORT_KEYS; i++) {
		r.key_hash[i] = 0xb0b0b0b0 + i;
	}
	return r;
}

#endif

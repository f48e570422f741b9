/* --codec: every report goes over the wire's bytes, signed by a stub that covers all of them. */
#include "tests/sim/sim.h"

#include <errno.h>
#include <string.h>

static const uint8_t key_id[VRRP_AUTH_KEY_ID_BYTES] = { 's', 't', 'u', 'b' };

/* FNV-1a: no secret, but every byte counts. */
static void sum(const uint8_t *bytes, size_t length, uint8_t ret_mac[VRRP_AUTH_MAC_BYTES])
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	}
	memset(ret_mac, 0, VRRP_AUTH_MAC_BYTES);
	memcpy(ret_mac, &hash, sizeof(hash));
}

static int stub_sign(void *context, const uint8_t *bytes, size_t length, uint8_t ret_key_id[VRRP_AUTH_KEY_ID_BYTES],
	uint8_t ret_mac[VRRP_AUTH_MAC_BYTES])
{
	(void)context;
	memcpy(ret_key_id, key_id, sizeof(key_id));
	sum(bytes, length, ret_mac);
	return 0;
}

static int stub_verify(void *context, const uint8_t *bytes, size_t length, const uint8_t id[VRRP_AUTH_KEY_ID_BYTES],
	const uint8_t mac[VRRP_AUTH_MAC_BYTES])
{
	uint8_t expected[VRRP_AUTH_MAC_BYTES];

	(void)context;
	if (memcmp(id, key_id, sizeof(key_id)) != 0) {
		return -ENOKEY;
	}
	sum(bytes, length, expected);
	return memcmp(mac, expected, sizeof(expected)) == 0 ? 0 : -EBADMSG;
}

const struct vrrp_auth sim_codec_auth = { .sign = stub_sign, .verify = stub_verify };

void sim_codec_pass(struct sim_world *world, struct vrrp_report *report)
{
	const struct vrrp_auth auth = sim_codec_auth;
	struct vrrp_report_expect expect = { .vrid = report->vrid, .sender = report->sender };
	uint8_t bytes[VRRP_REPORT_BYTES_MAX];
	uint8_t again[VRRP_REPORT_BYTES_MAX];
	struct vrrp_report decoded;
	enum vrrp_drop drop;
	uint64_t value = 0;
	int length = vrrp_report_encode(report, &auth, bytes, sizeof(bytes));

	if (length < 0) {
		sim_world_violate(world, "codec: encode failed with %d", length);
		return;
	}
	drop = vrrp_report_decode(bytes, (size_t)length, &expect, &auth, &decoded, &value);
	if (drop != VRRP_DROP_NONE) {
		sim_world_violate(world, "codec: own report dropped: %s, value %llu", vrrp_drop_word(drop),
			(unsigned long long)value);
		return;
	}
	if (vrrp_report_encode(&decoded, &auth, again, sizeof(again)) != length ||
		memcmp(bytes, again, (size_t)length) != 0) {
		sim_world_violate(world, "codec: a decoded report encodes to other bytes");
	}
	*report = decoded;
}

/*
 * The bytes of a report (report.h). Version 1, offsets in bytes, all numbers in network byte order:
 *
 *   0 magic "VIPD"        4 version       5 VRID          6 length of all     8 sender        9 role
 *  10 priority           11 switchover target            12 upstream         13 sync state   14 flags
 *  16 incarnation        24 seq          32 digest       64 fault reasons    68 pause counter
 *  72 ask ms             76 ballot       93 highest     110 release
 * 127 grant: to, remaining ms, ballot, incarnation, seq                      (38)
 * 165 refusal: to, reason, bound ms, ballot                                  (23)
 * 188 system identifier 196 epoch      213 position     221 replayed        229 replay lag ms
 * 233 timeline          237 port
 * 239 history: count, then 8 x (timeline, switch point, fingerprint)         (161)
 * 400 voucher: answer, position, ballot                                      (26)
 * 426 configuration stored, 450 asked: k, members, version, ballot           (24 each)
 * 474 echoes: count, then 9 x (member, believed incarnation, seq, other incarnation, seq)   (298)
 * 772 hashes of the digest's keys: 16 x 4   836 members: count, then 9 x (id, flags, hash)
 * 891 what a later release appends; this one skips it. One that ends at 772 is an older release's: the rest is 0
 *   then key id (4) and MAC (32). A ballot is counter, incarnation, member (17). Unused entries are 0.
 *
 * The first 8 bytes stay what they are in every version, so that any release can count another's packets.
 */
#include "vrrp/report.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define MAGIC UINT32_C(0x56495044)
#define PREFIX_BYTES 8
#define BODY_BYTES 891     /* of this release; a later one's is longer */
#define BODY_BYTES_MIN 772 /* of the first release */
#define TRAILER_BYTES (VRRP_AUTH_KEY_ID_BYTES + VRRP_AUTH_MAC_BYTES)
#define LENGTH (BODY_BYTES + TRAILER_BYTES)
#define LENGTH_MIN (BODY_BYTES_MIN + TRAILER_BYTES)
#define SYNC_STATE_MAX 3
#define VOUCHER_ANSWER_MAX 2

_Static_assert(LENGTH <= VRRP_REPORT_BYTES_MAX, "the largest report fits");
_Static_assert(VRRP_HISTORY_MAX == 8 && VRRP_MEMBERS_MAX == 9 && VRRP_DIGEST_BYTES == 32, "version 1's layout");

/*
 * One walk over the fields serves both ways, so that they cannot disagree: writing, the values go into the bytes;
 * otherwise the bytes into the values.
 */
struct cursor {
	bool writing;
	size_t at;
	uint8_t body[BODY_BYTES];
};

static uint64_t get_number(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++) {
		value = value << 8 | bytes[i];
	}
	return value;
}

static uint64_t cursor_number(struct cursor *c, unsigned size, uint64_t value)
{
	uint8_t *bytes = c->body + c->at;

	assert(c->at + size <= BODY_BYTES);
	c->at += size;
	if (!c->writing) {
		return get_number(bytes, size);
	}
	for (unsigned i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	}
	return value;
}

static void field_u8(struct cursor *c, uint8_t *value)
{
	*value = (uint8_t)cursor_number(c, 1, *value);
}

static void field_u16(struct cursor *c, uint16_t *value)
{
	*value = (uint16_t)cursor_number(c, 2, *value);
}

static void field_u32(struct cursor *c, uint32_t *value)
{
	*value = (uint32_t)cursor_number(c, 4, *value);
}

static void field_u64(struct cursor *c, uint64_t *value)
{
	*value = cursor_number(c, 8, *value);
}

static void field_ballot(struct cursor *c, struct vrrp_ballot *ballot)
{
	field_u64(c, &ballot->counter);
	field_u64(c, &ballot->incarnation);
	field_u8(c, &ballot->member);
}

static void fields_lease(struct cursor *c, struct vrrp_report *r)
{
	field_u32(c, &r->ask_ms);
	field_ballot(c, &r->ballot);
	field_ballot(c, &r->ballot_highest);
	field_ballot(c, &r->release);
	field_u8(c, &r->grant.to);
	field_u32(c, &r->grant.remaining_ms);
	field_ballot(c, &r->grant.ballot);
	field_u64(c, &r->grant.incarnation);
	field_u64(c, &r->grant.seq);
	field_u8(c, &r->refusal.to);
	field_u8(c, &r->refusal.reason);
	field_u32(c, &r->refusal.bound_ms);
	field_ballot(c, &r->refusal.ballot);
}

static void fields_history(struct cursor *c, struct vrrp_history *history)
{
	field_u8(c, &history->count);
	for (unsigned i = 0; i < VRRP_HISTORY_MAX; i++) {
		field_u32(c, &history->entry[i].timeline);
		field_u64(c, &history->entry[i].switch_point);
		field_u64(c, &history->entry[i].fingerprint);
	}
}

static void fields_config(struct cursor *c, struct vrrp_report_config *config)
{
	field_u8(c, &config->k);
	field_u16(c, &config->members);
	field_u32(c, &config->version);
	field_ballot(c, &config->ballot);
}

static void fields_data(struct cursor *c, struct vrrp_report *r)
{
	field_u64(c, &r->system_identifier);
	field_ballot(c, &r->epoch);
	field_u64(c, &r->position);
	field_u64(c, &r->replayed);
	field_u32(c, &r->replay_lag_ms);
	field_u32(c, &r->timeline);
	field_u16(c, &r->port);
	fields_history(c, &r->history);
	field_u8(c, &r->voucher.answer);
	field_u64(c, &r->voucher.position);
	field_ballot(c, &r->voucher.ballot);
	fields_config(c, &r->config_stored);
	fields_config(c, &r->config_asked);
}

static void fields_echo(struct cursor *c, struct vrrp_report *r)
{
	field_u8(c, &r->echo_count);
	for (unsigned i = 0; i < VRRP_MEMBERS_MAX; i++) {
		field_u8(c, &r->echo[i].member);
		field_u64(c, &r->echo[i].believed_incarnation);
		field_u64(c, &r->echo[i].believed_seq);
		field_u64(c, &r->echo[i].other_incarnation);
		field_u64(c, &r->echo[i].other_seq);
	}
}

static void fields_digest(struct cursor *c, struct vrrp_report *r)
{
	for (unsigned i = 0; i < VRRP_REPORT_KEYS; i++) {
		field_u32(c, &r->key_hash[i]);
	}
	field_u8(c, &r->members.count);
	for (unsigned i = 0; i < VRRP_MEMBERS_MAX; i++) {
		field_u8(c, &r->members.entry[i].id);
		field_u8(c, &r->members.entry[i].flags);
		field_u32(c, &r->members.entry[i].hash);
	}
}

/* All fields behind the length, in the order of the wire. */
static void fields_walk(struct cursor *c, struct vrrp_report *r)
{
	field_u8(c, &r->sender);
	field_u8(c, &r->role);
	field_u8(c, &r->priority);
	field_u8(c, &r->switchover_target);
	field_u8(c, &r->upstream);
	field_u8(c, &r->sync_state);
	field_u16(c, &r->flags);
	field_u64(c, &r->incarnation);
	field_u64(c, &r->seq);
	for (unsigned i = 0; i < VRRP_DIGEST_BYTES; i++) {
		field_u8(c, &r->digest[i]);
	}
	field_u32(c, &r->fault_reasons);
	field_u32(c, &r->pause_counter);
	fields_lease(c, r);
	fields_data(c, r);
	fields_echo(c, r);
	fields_digest(c, r);
	assert(c->at == BODY_BYTES);
}

/* Entries beyond a count are not part of the content: out they go as 0, and in they come as 0. */
static void clear_unused(struct vrrp_report *r)
{
	for (unsigned i = r->history.count; i < VRRP_HISTORY_MAX; i++) {
		r->history.entry[i] = (struct vrrp_timeline){ 0 };
	}
	for (unsigned i = r->echo_count; i < VRRP_MEMBERS_MAX; i++) {
		r->echo[i] = (struct vrrp_report_echo){ 0 };
	}
	for (unsigned i = r->members.count; i < VRRP_MEMBERS_MAX; i++) {
		r->members.entry[i] = (struct vrrp_member_entry){ 0 };
	}
}

/* A ballot is absent and all zero, or names a member. */
static bool ballot_is_valid(const struct vrrp_ballot *ballot)
{
	return ballot->counter != 0 ? ballot->member != 0 : ballot->member == 0 && ballot->incarnation == 0;
}

/*
 * What every later step may rely on: the offset of the first field that is out of its range, 0 = all are good. Flags,
 * fault and refusal reasons are open sets: a later release may add to them within the version. A history that makes no
 * sense is no reason to take its sender for dead: whoever compares it finds it unknown (history.h).
 */
static unsigned content_fault(const struct vrrp_report *r)
{
	const struct {
		bool good;
		unsigned offset;
	} fields[] = {
		{ r->vrid != 0, 5 },
		{ r->sender != 0, 8 },
		{ r->role < VRRP_ROLE_COUNT, 9 },
		{ r->sync_state <= SYNC_STATE_MAX, 13 },
		{ r->incarnation != 0, 16 },
		{ r->seq != 0, 24 },
		{ ballot_is_valid(&r->ballot), 76 },
		{ ballot_is_valid(&r->ballot_highest), 93 },
		{ ballot_is_valid(&r->release), 110 },
		{ ballot_is_valid(&r->grant.ballot), 132 },
		{ ballot_is_valid(&r->refusal.ballot), 171 },
		{ ballot_is_valid(&r->epoch), 196 },
		{ r->history.count <= VRRP_HISTORY_MAX, 239 },
		{ r->voucher.answer <= VOUCHER_ANSWER_MAX, 400 },
		{ ballot_is_valid(&r->voucher.ballot), 409 },
		{ ballot_is_valid(&r->config_stored.ballot), 433 },
		{ ballot_is_valid(&r->config_asked.ballot), 457 },
		{ r->echo_count <= VRRP_MEMBERS_MAX, 474 },
		{ vrrp_member_list_is_valid(&r->members), 836 },
	};

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(fields); i++) {
		if (!fields[i].good) {
			return fields[i].offset;
		}
	}
	return 0;
}

int vrrp_report_encode(const struct vrrp_report *report, const struct vrrp_auth *auth, uint8_t *bytes, size_t size)
{
	struct cursor c = { .writing = true };
	struct vrrp_report copy = *report;
	uint8_t *trailer = bytes + BODY_BYTES;

	assert(size >= VRRP_REPORT_BYTES_MAX);
	assert(content_fault(report) == 0);
	clear_unused(&copy);
	(void)cursor_number(&c, 4, MAGIC);
	(void)cursor_number(&c, 1, VRRP_REPORT_VERSION);
	(void)cursor_number(&c, 1, copy.vrid);
	(void)cursor_number(&c, 2, LENGTH);
	fields_walk(&c, &copy);
	memcpy(bytes, c.body, BODY_BYTES);

	const int result = auth->sign(auth->context, bytes, BODY_BYTES, trailer, trailer + VRRP_AUTH_KEY_ID_BYTES);

	return result < 0 ? result : LENGTH;
}

static enum vrrp_drop drop(enum vrrp_drop reason, uint64_t value, uint64_t *ret_value)
{
	if (ret_value != NULL) {
		*ret_value = value;
	}
	return reason;
}

uint8_t vrrp_report_peek_vrid(const uint8_t *bytes, size_t length)
{
	return length >= PREFIX_BYTES && get_number(bytes, 4) == MAGIC ? bytes[5] : 0;
}

/* All that costs nothing, before the HMAC. Magic and version first: another version may have another shortest length.
 */
static enum vrrp_drop check_structure(
	const uint8_t *bytes, size_t length, const struct vrrp_report_expect *expect, uint64_t *ret_value)
{
	if (length < PREFIX_BYTES || length > VRRP_REPORT_BYTES_MAX) {
		return drop(VRRP_DROP_LENGTH, length, ret_value);
	}
	if (get_number(bytes, 4) != MAGIC) {
		return drop(VRRP_DROP_MAGIC, get_number(bytes, 4), ret_value);
	}
	if (bytes[4] != VRRP_REPORT_VERSION) {
		return drop(VRRP_DROP_VERSION, bytes[4], ret_value);
	}
	if ((length < LENGTH && length != LENGTH_MIN) || get_number(bytes + 6, 2) != length) {
		return drop(VRRP_DROP_LENGTH, length, ret_value);
	}
	if (bytes[5] != expect->vrid || bytes[5] == 0) {
		return drop(VRRP_DROP_VRID, bytes[5], ret_value);
	}
	if (bytes[8] != expect->sender || bytes[8] == 0) {
		return drop(VRRP_DROP_MEMBER, bytes[8], ret_value);
	}
	return VRRP_DROP_NONE;
}

enum vrrp_drop vrrp_report_decode(const uint8_t *bytes, size_t length, const struct vrrp_report_expect *expect,
	const struct vrrp_auth *auth, struct vrrp_report *ret_report, uint64_t *ret_value)
{
	const enum vrrp_drop reason = check_structure(bytes, length, expect, ret_value);

	if (reason != VRRP_DROP_NONE) {
		return reason;
	}
	const uint8_t *trailer = bytes + length - TRAILER_BYTES;
	const int verdict =
		auth->verify(auth->context, bytes, length - TRAILER_BYTES, trailer, trailer + VRRP_AUTH_KEY_ID_BYTES);

	if (verdict != 0) {
		return drop(verdict == -ENOKEY ? VRRP_DROP_KEY : VRRP_DROP_HMAC,
			get_number(trailer, VRRP_AUTH_KEY_ID_BYTES), ret_value);
	}
	struct cursor c = { .at = PREFIX_BYTES };
	struct vrrp_report report = { .vrid = bytes[5] };

	memcpy(c.body, bytes, length - TRAILER_BYTES < BODY_BYTES ? length - TRAILER_BYTES : BODY_BYTES);
	fields_walk(&c, &report);
	const unsigned fault = content_fault(&report);

	if (fault != 0) {
		return drop(VRRP_DROP_CONTENT, fault, ret_value);
	}
	clear_unused(&report);
	*ret_report = report;
	return VRRP_DROP_NONE;
}

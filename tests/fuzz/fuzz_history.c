/*
 * Any two histories: what must hold whatever they say. Exchanging the two exchanges the answer; nobody is ahead of one
 * that is ahead of it; who is a prefix stays one when the other grows or itself was shorter.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -o fuzz_history \
 *     tests/fuzz/fuzz_history.c vrrp/history.c vrrp/ballot.c && ./fuzz_history -max_len=64
 * tests/fuzz/corpus/fuzz_history
 */
#include <assert.h>

#include "vrrp/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Numbers of few bits, so that two histories meet; behind the end of the input all is 0. */
struct input {
	const uint8_t *data;
	size_t size;
};

static unsigned take(struct input *input, unsigned bound)
{
	if (input->size == 0) {
		return 0;
	}
	input->size--;
	return *input->data++ % bound;
}

/* Mostly well-formed lists: steps are added up. One byte in sixteen makes an arbitrary entry instead. */
static struct vrrp_position take_position(struct input *input)
{
	struct vrrp_position p = { .epoch = { take(input, 4), take(input, 2), (uint8_t)take(input, 3) } };
	struct vrrp_timeline entry = { 1, take(input, 4), 0 };

	p.history.count = (uint8_t)take(input, VRRP_HISTORY_MAX + 2);
	for (unsigned i = 0; i < p.history.count && i < VRRP_HISTORY_MAX; i++) {
		const unsigned kind = take(input, 16);

		entry.fingerprint = kind & 3;
		p.history.entry[i] = entry;
		p.timeline = entry.timeline;
		entry.timeline += 1 + (kind >> 2 & 1);
		entry.switch_point += take(input, 4);
		if (kind == 15) {
			entry = (struct vrrp_timeline){ take(input, 256), take(input, 256), 0 };
		}
	}
	p.position = take(input, 16) == 0 ? UINT64_MAX - take(input, 2) : take(input, 24);
	p.timeline += take(input, 16) == 15;
	return p;
}

static enum vrrp_lineage exchanged(enum vrrp_lineage lineage)
{
	return lineage == VRRP_LINEAGE_A_PREFIX   ? VRRP_LINEAGE_B_PREFIX
	       : lineage == VRRP_LINEAGE_B_PREFIX ? VRRP_LINEAGE_A_PREFIX
						  : lineage;
}

static void check_prefix_is_monotonic(struct vrrp_position a, struct vrrp_position b)
{
	assert(vrrp_position_is_prefix(&a, &b));
	if (a.position > 1) {
		a.position--;
		assert(vrrp_position_is_prefix(&a, &b));
	}
	if (b.position < UINT64_MAX) {
		b.position++;
		assert(vrrp_position_is_prefix(&a, &b));
	}
}

static void check(const struct vrrp_position *a, const struct vrrp_position *b)
{
	vrrp_lsn common = 0;
	vrrp_lsn common_exchanged = 0;
	uint64_t bytes = 0;
	const enum vrrp_lineage lineage = vrrp_history_compare(a, b, &common);
	const bool complete = vrrp_position_is_complete(a) && vrrp_position_is_complete(b);
	const bool a_ahead = vrrp_position_ahead(a, b, &bytes);

	assert(vrrp_history_compare(b, a, &common_exchanged) == exchanged(lineage));
	assert(common == common_exchanged);
	assert((lineage != VRRP_LINEAGE_UNKNOWN) == complete);
	assert(!(a_ahead && vrrp_position_ahead(b, a, NULL)));
	assert(a_ahead == (bytes != 0));
	assert(!(a_ahead && vrrp_position_is_prefix(a, b)));
	if (lineage == VRRP_LINEAGE_B_PREFIX) {
		assert(a_ahead);
	}
	if (vrrp_position_is_prefix(a, b)) {
		check_prefix_is_monotonic(*a, *b);
	}
	if (vrrp_position_is_complete(a)) {
		const struct vrrp_timeline *last = &a->history.entry[a->history.count - 1];

		if (last->fingerprint != 0 || last->switch_point == 0) {
			assert(vrrp_history_compare(a, a, NULL) == VRRP_LINEAGE_EQUAL);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	const struct vrrp_position a = take_position(&input);
	struct vrrp_position b = take_position(&input);

	check(&a, &b);
	check(&b, &a);
	/* The same line at another position: what most pairs are in life. */
	b.history = a.history;
	b.timeline = a.timeline;
	check(&a, &b);
	return 0;
}

/*
 * Random trees of promotions against a model that knows which timeline wrote every byte. Numbers and switch points
 * collide all the time; fingerprints are unknown, lists cut and positions late as the real ones are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/history.h"
#include "vrrp/prng.h"

#define TREES 4000
#define PAIRS 40          /* compared in each tree */
#define SEEN_MIN 200      /* of each answer, else a run means little */
#define PROMOTIONS_MAX 14 /* more than a list holds */
#define LSN_FIRST 10
#define LSN_MAX 160

/* A physical timeline. The index in the tree is its identity, which no member can see. */
struct node {
	int parent; /* -1: the first */
	struct vrrp_timeline entry;
	uint64_t epoch;
};

struct tree {
	int count;
	struct node node[PROMOTIONS_MAX];
};

/* A member: it has all bytes below `lsn` of the line that ends with `node`. */
struct member {
	int node;
	vrrp_lsn lsn;
	struct vrrp_position position; /* what it reports */
};

static struct tree draw_tree(struct vrrp_prng *prng)
{
	struct tree tree = { .count = (int)vrrp_prng_range(prng, 1, PROMOTIONS_MAX) };
	const bool deep = vrrp_prng_chance(prng, 1, 2); /* a chain, longer than a list, with few branches */

	tree.node[0] = (struct node){ .parent = -1, .entry = { 1, 0, vrrp_prng_below(prng, 3) }, .epoch = 1 };
	for (int i = 1; i < tree.count; i++) {
		const int parent = (int)vrrp_prng_range(prng, deep && i > 2 ? i - 2 : 0, i - 1);
		const struct vrrp_timeline *from = &tree.node[parent].entry;
		const vrrp_lsn least = from->switch_point != 0 ? from->switch_point : LSN_FIRST;

		tree.node[i] = (struct node){
			.parent = parent,
			.entry = { from->timeline + (uint32_t)vrrp_prng_range(prng, 1, 2),
				least + 4 * vrrp_prng_below(prng, 3), vrrp_prng_next(prng) | 1 },
			.epoch = (uint64_t)i + 1,
		};
	}
	return tree;
}

/* The physical timeline that wrote the byte at lsn in the line that ends with node. */
static int owner(const struct tree *tree, int node, vrrp_lsn lsn)
{
	while (tree->node[node].entry.switch_point > lsn) {
		node = tree->node[node].parent;
	}
	return node;
}

/* Brute force: the first byte that was not written by the same timeline, or that one of the two does not have. */
static vrrp_lsn true_common(const struct tree *tree, const struct member *a, const struct member *b)
{
	vrrp_lsn lsn = 0;

	while (lsn < a->lsn && lsn < b->lsn && owner(tree, a->node, lsn) == owner(tree, b->node, lsn)) {
		lsn++;
	}
	return lsn;
}

/*
 * What a member reports. It knows the fingerprint of a timeline if the line has a record of it: the timeline was not
 * left where it began, and the member has come that far. `known_percent` of those it has really read.
 */
static struct vrrp_position report_of(
	struct vrrp_prng *prng, const struct tree *tree, const struct member *member, unsigned known_percent)
{
	struct vrrp_position position = {
		.position = member->lsn,
		.epoch = { tree->node[member->node].epoch, 1, 1 },
		.timeline = tree->node[member->node].entry.timeline,
	};
	int line[PROMOTIONS_MAX];
	int length = 0;

	for (int node = member->node; node >= 0; node = tree->node[node].parent) {
		line[length++] = node;
	}
	for (int i = length - 1; i >= 0; i--) {
		struct vrrp_timeline entry = tree->node[line[i]].entry;
		const vrrp_lsn left_at = i > 0 ? tree->node[line[i - 1]].entry.switch_point : UINT64_MAX;

		if (left_at == entry.switch_point || member->lsn <= entry.switch_point ||
			!vrrp_prng_chance(prng, known_percent, 100)) {
			entry.fingerprint = 0;
		}
		vrrp_history_append(&position.history, &entry);
	}
	return position;
}

static struct member draw_member(struct vrrp_prng *prng, const struct tree *tree, unsigned known_percent)
{
	struct member member = { .node = (int)vrrp_prng_below(prng, (uint64_t)tree->count) };
	const vrrp_lsn switch_point = tree->node[member.node].entry.switch_point;

	/* Mostly beyond the last switch point, sometimes at it, sometimes still on the way there. */
	member.lsn = vrrp_prng_chance(prng, 1, 3) || switch_point < LSN_FIRST
			     ? (vrrp_lsn)vrrp_prng_range(prng, LSN_FIRST, LSN_MAX)
			     : switch_point + vrrp_prng_below(prng, 12);
	member.position = report_of(prng, tree, &member, known_percent);
	assert_true(vrrp_position_is_complete(&member.position));
	return member;
}

/* Whether the lists of both still hold the last timeline that they have in common: then nothing is lost by cutting. */
static bool lists_reach_back(const struct tree *tree, const struct member *a, const struct member *b)
{
	const vrrp_lsn common = true_common(tree, a, b);
	const struct vrrp_timeline *shared = &tree->node[owner(tree, a->node, common - 1)].entry;
	const struct vrrp_timeline *in_a = vrrp_history_find(&a->position.history, shared->timeline);
	const struct vrrp_timeline *in_b = vrrp_history_find(&b->position.history, shared->timeline);

	return in_a != NULL && in_b != NULL;
}

static enum vrrp_lineage true_lineage(const struct member *a, const struct member *b, vrrp_lsn common)
{
	if (a->lsn == common) {
		return b->lsn == common ? VRRP_LINEAGE_EQUAL : VRRP_LINEAGE_A_PREFIX;
	}
	return b->lsn == common ? VRRP_LINEAGE_B_PREFIX : VRRP_LINEAGE_DIVERGED;
}

/* protocol.md section 6, "Ahead", word for word, on what is true. */
static bool truly_ahead(const struct member *a, const struct member *b, vrrp_lsn common)
{
	if (a->lsn <= common || b->lsn <= common) {
		return a->lsn > b->lsn;
	}
	return a->position.epoch.counter > b->position.epoch.counter;
}

typedef void check(const struct tree *tree, const struct member *a, const struct member *b, unsigned *seen);

/* Runs a check over random pairs; every lineage must have come up often enough to mean something. */
static void for_random_pairs(uint64_t seed, unsigned known_percent, check *check_pair)
{
	struct vrrp_prng prng;
	unsigned seen[VRRP_LINEAGE_COUNT] = { 0 };

	vrrp_prng_init(&prng, seed);
	for (unsigned t = 0; t < TREES; t++) {
		const struct tree tree = draw_tree(&prng);

		for (unsigned p = 0; p < PAIRS; p++) {
			const struct member a = draw_member(&prng, &tree, known_percent);
			const struct member b = draw_member(&prng, &tree, known_percent);

			check_pair(&tree, &a, &b, seen);
		}
	}
	for (unsigned i = VRRP_LINEAGE_EQUAL; i < VRRP_LINEAGE_COUNT; i++) {
		assert_true(seen[i] >= SEEN_MIN);
	}
}

static void check_exact(const struct tree *tree, const struct member *a, const struct member *b, unsigned *seen)
{
	const vrrp_lsn want = true_common(tree, a, b);
	const enum vrrp_lineage lineage = true_lineage(a, b, want);
	vrrp_lsn common = 0;
	uint64_t bytes = 0;

	if (!lists_reach_back(tree, a, b)) {
		return;
	}
	assert_int_equal(vrrp_history_compare(&a->position, &b->position, &common), lineage);
	assert_int_equal(common, want);
	assert_true(vrrp_position_ahead(&a->position, &b->position, &bytes) == truly_ahead(a, b, want));
	assert_int_equal(bytes, truly_ahead(a, b, want) ? a->lsn - want : 0);
	seen[lineage]++;
}

/* Everything known that can be: the answer is the true one. */
static void all_fingerprints_known_exactly_the_truth(void **state)
{
	(void)state;
	for_random_pairs(1, 100, check_exact);
}

static void check_sound(const struct tree *tree, const struct member *a, const struct member *b, unsigned *seen)
{
	const vrrp_lsn want = true_common(tree, a, b);
	vrrp_lsn common = 0;
	const enum vrrp_lineage lineage = vrrp_history_compare(&a->position, &b->position, &common);

	assert_true(common <= want);
	if (lineage != VRRP_LINEAGE_DIVERGED) {
		assert_int_equal(lineage, true_lineage(a, b, want));
		assert_int_equal(common, want);
	}
	assert_false(vrrp_position_ahead(&a->position, &b->position, NULL) &&
		     vrrp_position_ahead(&b->position, &a->position, NULL));
	seen[lineage]++;
}

/* Little known, lists cut: the answer may be "diverged" too often, but a prefix is always one (I6). */
static void some_fingerprints_unknown_never_a_false_prefix(void **state)
{
	(void)state;
	for_random_pairs(2, 100, check_sound);
	for_random_pairs(3, 60, check_sound);
	for_random_pairs(4, 25, check_sound);
}

/* Late positions: what a fingerprint proves is in a's line must be in b's if a is to be b's prefix. */
static void check_late(const struct tree *tree, const struct member *a, const struct member *b, unsigned *seen)
{
	struct vrrp_position late = a->position;
	int proved = a->node;

	late.position = late.position / 2 + 1;
	seen[vrrp_history_compare(&late, &b->position, NULL)]++;
	if (!vrrp_position_is_prefix(&late, &b->position)) {
		return;
	}
	while (proved >= 0) {
		const struct vrrp_timeline *entry =
			vrrp_history_find(&a->position.history, tree->node[proved].entry.timeline);

		if (entry != NULL && entry->switch_point != 0 && entry->fingerprint != 0) {
			assert_true(b->lsn > entry->switch_point);
			assert_int_equal(owner(tree, b->node, entry->switch_point), proved);
			return;
		}
		proved = tree->node[proved].parent;
	}
}

static void a_late_position_never_hides_a_timeline(void **state)
{
	(void)state;
	for_random_pairs(5, 80, check_late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fingerprints_known_exactly_the_truth),
		cmocka_unit_test(some_fingerprints_unknown_never_a_false_prefix),
		cmocka_unit_test(a_late_position_never_hides_a_timeline),
	};

	return cmocka_run_group_tests_name("history_tree", tests, NULL, NULL);
}

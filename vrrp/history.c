#include "vrrp/history.h"
#include "vrrp/mutant.h"

#include <assert.h>

struct vrrp_position vrrp_position_from_report(const struct vrrp_report *report)
{
	return (struct vrrp_position){
		.history = report->history,
		.position = report->position,
		.epoch = report->epoch,
		.timeline = (report->flags & VRRP_FLAG_STALE_HISTORY) != 0 ? 0 : report->timeline,
	};
}

bool vrrp_history_is_valid(const struct vrrp_history *history)
{
	if (history->count == 0 || history->count > VRRP_HISTORY_MAX || history->entry[0].timeline == 0) {
		return false;
	}
	for (unsigned i = 1; i < history->count; i++) {
		const struct vrrp_timeline *entry = &history->entry[i];

		/* Equal switch points are real: a timeline followed and left again before it had a record. */
		if (entry->timeline <= entry[-1].timeline || entry->switch_point < entry[-1].switch_point ||
			entry->switch_point == 0) {
			return false;
		}
	}
	return true;
}

bool vrrp_position_is_complete(const struct vrrp_position *position)
{
	const struct vrrp_history *history = &position->history;

	return position->position != 0 && vrrp_history_is_valid(history) &&
	       history->entry[history->count - 1].timeline == position->timeline;
}

const struct vrrp_timeline *vrrp_history_find(const struct vrrp_history *history, uint32_t timeline)
{
	assert(history->count <= VRRP_HISTORY_MAX);
	for (unsigned i = 0; i < history->count; i++) {
		if (history->entry[i].timeline == timeline) {
			return &history->entry[i];
		}
	}
	return NULL;
}

void vrrp_history_append(struct vrrp_history *history, const struct vrrp_timeline *timeline)
{
	assert(history->count <= VRRP_HISTORY_MAX);
	if (history->count == VRRP_HISTORY_MAX) {
		for (unsigned i = 1; i < VRRP_HISTORY_MAX; i++) {
			history->entry[i - 1] = history->entry[i];
		}
		history->count--;
	}
	history->entry[history->count++] = *timeline;
}

static bool same_place(const struct vrrp_timeline *a, const struct vrrp_timeline *b)
{
	return a->timeline == b->timeline && a->switch_point == b->switch_point;
}

unsigned vrrp_history_adopt(struct vrrp_history *mine, const struct vrrp_history *holder)
{
	unsigned adopted = 0;

	assert(mine->count <= VRRP_HISTORY_MAX);
	for (unsigned i = 0; i < mine->count; i++) {
		const struct vrrp_timeline *other = vrrp_history_find(holder, mine->entry[i].timeline);

		if (other != NULL && same_place(&mine->entry[i], other) && mine->entry[i].fingerprint == 0 &&
			other->fingerprint != 0) {
			mine->entry[i].fingerprint = other->fingerprint;
			adopted++;
		}
	}
	return adopted;
}

uint64_t vrrp_history_fingerprint(uint32_t record_crc, int64_t record_time_us)
{
	/* splitmix64's finisher: a bijection of 64 bits, so that neither part can hide the other's difference. */
	uint64_t z = (uint64_t)record_time_us ^ ((uint64_t)record_crc << 32);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return z != 0 ? z : 1;
}

/* One physical timeline for certain (protocol.md section 6): the first one, or one whose fingerprint both know. */
static bool same_timeline(const struct vrrp_timeline *a, const struct vrrp_timeline *b)
{
	return same_place(a, b) && (VRRP_MUTANT(fingerprints_ignored) || a->switch_point == 0 ||
					   (a->fingerprint != 0 && a->fingerprint == b->fingerprint));
}

/*
 * Where a line ends: at its position, but not before the record whose fingerprint was read on a later timeline. The
 * position of a member that restarted or just switched can be such a late value, and must not make it look like a
 * prefix of a line that it has left.
 */
static vrrp_lsn line_end(const struct vrrp_position *p)
{
	vrrp_lsn end = p->position;

	for (unsigned i = 0; i < p->history.count; i++) {
		const struct vrrp_timeline *entry = &p->history.entry[i];

		if (entry->fingerprint != 0 && entry->switch_point >= end && entry->switch_point < UINT64_MAX) {
			end = entry->switch_point + 1;
		}
	}
	return end;
}

/* Where a line leaves its i-th timeline; the end of the last one is not known to be limited. */
static vrrp_lsn leaves_at(const struct vrrp_history *history, unsigned i)
{
	return i + 1 < history->count ? history->entry[i + 1].switch_point : UINT64_MAX;
}

/* The structural common point d, whatever the ends; false: no timeline known on both sides. */
static bool branch_point(const struct vrrp_history *a, const struct vrrp_history *b, vrrp_lsn *ret_point)
{
	for (unsigned i = a->count; i-- > 0;) {
		for (unsigned j = b->count; j-- > 0;) {
			if (same_timeline(&a->entry[i], &b->entry[j])) {
				const vrrp_lsn leaves_a = leaves_at(a, i);
				const vrrp_lsn leaves_b = leaves_at(b, j);

				*ret_point = leaves_a < leaves_b ? leaves_a : leaves_b;
				return true;
			}
		}
	}
	return false;
}

enum vrrp_lineage vrrp_history_compare(
	const struct vrrp_position *a, const struct vrrp_position *b, vrrp_lsn *ret_common)
{
	enum vrrp_lineage lineage = VRRP_LINEAGE_DIVERGED;
	vrrp_lsn common = 0;

	if (!vrrp_position_is_complete(a) || !vrrp_position_is_complete(b)) {
		return VRRP_LINEAGE_UNKNOWN;
	}
	if (branch_point(&a->history, &b->history, &common)) {
		const vrrp_lsn end_a = line_end(a);
		const vrrp_lsn end_b = line_end(b);
		const vrrp_lsn shorter = end_a < end_b ? end_a : end_b;

		if (shorter <= common) {
			common = shorter;
			lineage = end_a == end_b     ? VRRP_LINEAGE_EQUAL
				  : end_a == shorter ? VRRP_LINEAGE_A_PREFIX
						     : VRRP_LINEAGE_B_PREFIX;
		}
	}
	if (ret_common != NULL) {
		*ret_common = common;
	}
	return lineage;
}

bool vrrp_position_ahead(const struct vrrp_position *a, const struct vrrp_position *b, uint64_t *ret_bytes)
{
	vrrp_lsn common = 0;
	const enum vrrp_lineage lineage = vrrp_history_compare(a, b, &common);
	uint64_t bytes = VRRP_BYTES_UNKNOWN;

	switch (lineage) {
	case VRRP_LINEAGE_EQUAL:
	case VRRP_LINEAGE_A_PREFIX:
		return false;
	case VRRP_LINEAGE_B_PREFIX:
		break;
	case VRRP_LINEAGE_DIVERGED:
		if (VRRP_MUTANT(timeline_is_the_term) ? a->timeline < b->timeline || (a->timeline == b->timeline &&
											     a->position <= b->position)
						      : vrrp_ballot_compare(&a->epoch, &b->epoch) <= 0) {
			return false;
		}
		break;
	case VRRP_LINEAGE_UNKNOWN:
	default:
		/* Who cannot say what it has must not pass one that can. */
		if (!vrrp_position_is_complete(a)) {
			return false;
		}
		break;
	}
	if (common != 0) {
		bytes = line_end(a) - common;
	}
	if (ret_bytes != NULL) {
		*ret_bytes = bytes;
	}
	return true;
}

bool vrrp_position_is_prefix(const struct vrrp_position *a, const struct vrrp_position *b)
{
	const enum vrrp_lineage lineage = vrrp_history_compare(a, b, NULL);

	return lineage == VRRP_LINEAGE_EQUAL || lineage == VRRP_LINEAGE_A_PREFIX;
}

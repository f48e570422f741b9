/*
 * Who has more of the history (protocol.md section 6, "History" and "Ahead"). Pure comparisons of plain values.
 *
 * A timeline's number is no term: two promotions can carry the same number and the same switch point [A1, A2]. Two
 * entries are the same timeline only if number, switch point and a fingerprint known (not 0) on both sides agree; the
 * first timeline (switch point 0) needs no fingerprint, the system identifier stands for it: the caller compares that
 * first. The newest such entry decides for all before it; behind it both lines run together to the earlier of the next
 * switch points. No such entry: diverged, the common point unknown.
 *
 * A line ends at the position; but a known fingerprint proves that the member has been on that timeline, so the line
 * ends beyond the switch point of the newest one known, should the position be a late value (a lower bound) before it.
 *
 * The cases stand as a table above vrrp_history_compare() and are tested one by one, and all together against a model
 * that walks a tree of promotions.
 */
#ifndef VRRP_HISTORY_H
#define VRRP_HISTORY_H

#include "vrrp/report.h"

/* How much a member has: its line (history, oldest first) up to its position, and whose history it took over. */
struct vrrp_position {
	struct vrrp_history history;
	vrrp_lsn position;        /* 0 = unknown */
	struct vrrp_ballot epoch; /* counter 0 = none */
	uint32_t timeline;        /* must be the last of history, else the history is stale: UNKNOWN */
};

enum vrrp_lineage {
	VRRP_LINEAGE_UNKNOWN = 0, /* one of the two says too little to compare */
	VRRP_LINEAGE_EQUAL,       /* both end at the same point of one line */
	VRRP_LINEAGE_A_PREFIX,    /* a ends at or before the common point, b goes on */
	VRRP_LINEAGE_B_PREFIX,    /* the other way round */
	VRRP_LINEAGE_DIVERGED,    /* both go beyond the common point, or that cannot be excluded */
	VRRP_LINEAGE_COUNT
};

#define VRRP_BYTES_UNKNOWN UINT64_MAX /* ahead by an unknown number of bytes: more than any limit */

/* What a report says of its sender's position. */
struct vrrp_position vrrp_position_from_report(const struct vrrp_report *report);

/* Whether a position says enough to be compared: valid history that ends with `timeline`, position not 0. */
bool vrrp_position_is_complete(const struct vrrp_position *position);

/*
 * Compares two members of one system identifier. *ret_common (may be NULL) is the last point that both have in common,
 * never beyond either end; 0 if none is known. Written for every result but UNKNOWN. X < Y are switch points, Ea and Eb
 * the ends, 2@X:f timeline 2 branched off at X with fingerprint f (0 = unknown; any other: the end is beyond X):
 *
 *   a's history    b's history            result ("at X": the common point is X, or an earlier end)
 *   1              1                      the shorter is the prefix; Ea = Eb: EQUAL
 *   1              1, 2@X:g               at X. Ea <= X: A_PREFIX, else DIVERGED
 *   1              1, 2@X:0               at X. Ea <= X: A_PREFIX; Eb <= X: B_PREFIX (both: by length); else DIVERGED
 *   1              1, 2@X:g, 3@Y:h        at X, as 1 and 1, 2@X:g: what counts is where b's line left timeline 1
 *   1, 2@X:f       1, 2@X:f, 3@Y:h        at Y. Ea <= Y: A_PREFIX, else DIVERGED
 *   2@X:f (cut)    1, 2@X:f, 3@Y:h        the same: a list is cut to its last 8, one known entry is enough
 *   2@X:0, 3@Y:h   2@X:g, 3@Y:h           one timeline: 3 decides for all before it
 *   1, 2@X:f       1, 2@Y:g               at X, DIVERGED (f proves Ea > X) unless Eb <= X: B_PREFIX
 *   1, 2@X:f       1, 2@X:g or 1, 3@X:g   at X, DIVERGED [A2]
 *   1, 2@X:0       1, 2@X:g               at X. Ea <= X: A_PREFIX, else DIVERGED: it may be another 2
 *   1              3@U, .., 10@Z          DIVERGED, common point unknown
 *   none, stale, or position 0            UNKNOWN
 */
enum vrrp_lineage vrrp_history_compare(
	const struct vrrp_position *a, const struct vrrp_position *b, vrrp_lsn *ret_common);

/*
 * Whether a is strictly ahead of b: on one line the longer is; if both go beyond the common point the higher epoch is,
 * and equal epochs: neither. *ret_bytes (may be NULL; written only for true) is what b lacks: a's end less the
 * common point, VRRP_BYTES_UNKNOWN if no common point is known. An incomplete a is ahead of nobody; a complete a is
 * ahead of an incomplete b, by VRRP_BYTES_UNKNOWN.
 */
bool vrrp_position_ahead(const struct vrrp_position *a, const struct vrrp_position *b, uint64_t *ret_bytes);

/*
 * Whether all that a has is also b's: a may attach to b as a standby without rewind. The same end counts, a longer a
 * does not: who streams from b may for a moment have received more than b's last report says, and is then b's prefix
 * only by a later report. About data only: PostgreSQL besides refuses an upstream on a lower timeline than its own.
 */
bool vrrp_position_is_prefix(const struct vrrp_position *a, const struct vrrp_position *b);

/* Whether a list can be one: count in range, timelines > 0 and growing, switch points not falling, only the first 0. */
bool vrrp_history_is_valid(const struct vrrp_history *history);

/* The entry of a timeline number, or NULL. The pointer is into *history. */
const struct vrrp_timeline *vrrp_history_find(const struct vrrp_history *history, uint32_t timeline);

/* Adds the newest timeline; a full list loses its oldest. */
void vrrp_history_append(struct vrrp_history *history, const struct vrrp_timeline *timeline);

/*
 * Takes over the holder's fingerprints where mine are unknown and number and switch point are equal: for a clone, and a
 * member adopted with epoch 0 found streaming from that holder on its timeline, nobody else (a fingerprint claims that
 * the member has been there). Returns how many were filled in.
 */
unsigned vrrp_history_adopt(struct vrrp_history *mine, const struct vrrp_history *holder);

/* The fingerprint of a timeline's first WAL record from its CRC-32C and time (PostgreSQL's TimestampTz; 0 if it has
 * none). Never 0; part of the protocol: all members must compute the same. */
uint64_t vrrp_history_fingerprint(uint32_t record_crc, int64_t record_time_us);

#endif

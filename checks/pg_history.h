/*
 * Timeline history files (pg_wal/0000000N.history): text from a disk or a peer, so bounded and checked. Pure.
 *
 * A line is "parent timeline <tab> switch point <tab> reason"; the file of timeline N lists its ancestors, oldest
 * first, and N itself branched off at the last line's switch point. struct vrrp_history keeps, for each of the last
 * VRRP_HISTORY_MAX timelines, where *it* branched off its predecessor; the first timeline has switch point 0.
 */
#ifndef CHECKS_PG_HISTORY_H
#define CHECKS_PG_HISTORY_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define PG_HISTORY_FILE_BYTES_MAX 1048576
#define PG_HISTORY_NAME_BYTES 32

/* "0000000A.history" */
void pg_history_name(uint32_t timeline, char ret_name[PG_HISTORY_NAME_BYTES]);

/*
 * Parses the file of `timeline` (for timeline 1 give text "" , size 0). Fingerprints are 0. 0, or -EPROTO with the
 * line: not a number, not increasing, an ancestor not below `timeline`, a 0 byte.
 */
int pg_history_parse(
	uint32_t timeline, const char *text, size_t size, struct vrrp_history *ret_history, struct vip_err *err);

#endif

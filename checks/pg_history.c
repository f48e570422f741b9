#include "checks/pg_history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_query.h"

void pg_history_name(uint32_t timeline, char ret_name[PG_HISTORY_NAME_BYTES])
{
	(void)snprintf(ret_name, PG_HISTORY_NAME_BYTES, "%08X.history", timeline);
}

static void pg_history_push(struct vrrp_history *history, uint32_t timeline, vrrp_lsn switch_point)
{
	if (history->count == VRRP_HISTORY_MAX) {
		memmove(&history->entry[0], &history->entry[1], sizeof(history->entry[0]) * (VRRP_HISTORY_MAX - 1));
		history->count--;
	}
	history->entry[history->count++] = (struct vrrp_timeline){ .timeline = timeline, .switch_point = switch_point };
}

/* Takes a word of at most size - 1 bytes off the line. */
static int pg_history_word(const char **at, const char *end, char *ret_word, size_t size)
{
	const char *begin;
	size_t length;

	while (*at < end && (**at == ' ' || **at == '\t')) {
		(*at)++;
	}
	begin = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\r') {
		(*at)++;
	}
	length = (size_t)(*at - begin);
	if (length == 0 || length >= size || memchr(begin, '\0', length) != NULL) {
		return -EPROTO;
	}
	memcpy(ret_word, begin, length);
	ret_word[length] = '\0';
	return 0;
}

static int pg_history_line(const char *at, const char *end, uint32_t *ret_parent, vrrp_lsn *ret_switch_point)
{
	char parent[16];
	char switch_point[24];
	uint64_t number;

	if (pg_history_word(&at, end, parent, sizeof(parent)) < 0 ||
		pg_history_word(&at, end, switch_point, sizeof(switch_point)) < 0 ||
		pg_u64_parse(parent, UINT32_MAX, &number) < 0 || number == 0 ||
		pg_lsn_parse(switch_point, ret_switch_point) < 0 || *ret_switch_point == 0) {
		return -EPROTO;
	}
	*ret_parent = (uint32_t)number;
	return 0;
}

static bool pg_history_is_blank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) {
		at++;
	}
	return at == end || *at == '#';
}

int pg_history_parse(
	uint32_t timeline, const char *text, size_t size, struct vrrp_history *ret_history, struct vip_err *err)
{
	struct vrrp_history history = { 0 };
	vrrp_lsn branched_at = 0; /* where the ancestor of the line at hand branched off its own */
	uint32_t previous = 0;
	unsigned number = 0;

	if (size > PG_HISTORY_FILE_BYTES_MAX) {
		return vip_err_set(err, -EPROTO, "history of timeline %u: %zu bytes are too many", timeline, size);
	}
	for (const char *line = text, *limit = text + size; line < limit;) {
		const char *newline = memchr(line, '\n', (size_t)(limit - line));
		const char *end = newline != NULL ? newline : limit;
		uint32_t parent;
		vrrp_lsn switch_point;

		number++;
		if (!pg_history_is_blank(line, end)) {
			if (pg_history_line(line, end, &parent, &switch_point) < 0 || parent <= previous ||
				parent >= timeline || switch_point < branched_at) {
				return vip_err_set(err, -EPROTO, "history of timeline %u: line %u cannot be right",
					timeline, number);
			}
			pg_history_push(&history, parent, branched_at);
			previous = parent;
			branched_at = switch_point;
		}
		line = newline != NULL ? newline + 1 : limit;
	}
	if (timeline != 1 && previous == 0) {
		return vip_err_set(err, -EPROTO, "history of timeline %u: no ancestor in it", timeline);
	}
	pg_history_push(&history, timeline, branched_at);
	*ret_history = history;
	return 0;
}

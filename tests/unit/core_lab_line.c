/* What the core ordered, counted and as a line of words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/core_lab.h"

unsigned core_lab_count(const struct core_lab *lab, enum vrrp_action_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < lab->done_count; i++) {
		count += lab->done[i].kind == kind;
	}
	return count;
}

unsigned core_lab_ops(const struct core_lab *lab, enum vrrp_pg_op op)
{
	unsigned count = 0;

	for (unsigned i = 0; i < lab->done_count; i++) {
		count += lab->done[i].kind == VRRP_ACT_PG && lab->done[i].op == op;
	}
	return count;
}

bool core_lab_became(const struct core_lab *lab, enum vrrp_role role)
{
	for (unsigned i = 0; i < lab->done_count; i++) {
		if (lab->done[i].kind == VRRP_ACT_ROLE && lab->done[i].row->to == role) {
			return true;
		}
	}
	return false;
}

enum vrrp_refusal core_lab_refusal(const struct core_lab *lab, unsigned i)
{
	return lab->mine.refusal.to == lab->peer[i].sender &&
			       vrrp_ballot_equal(&lab->mine.refusal.ballot, &lab->peer[i].ballot)
		       ? (enum vrrp_refusal)lab->mine.refusal.reason
		       : VRRP_REFUSAL_NONE;
}

static void word(const struct vrrp_action *action, char *text, size_t size)
{
	static const char *const WORDS[VRRP_ACT_COUNT] = { [VRRP_ACT_SEND] = "send",
		[VRRP_ACT_STORE] = "store",
		[VRRP_ACT_BIND] = "bind",
		[VRRP_ACT_UNBIND] = "unbind",
		[VRRP_ACT_DESTROY] = "destroy",
		[VRRP_ACT_ANNOUNCE] = "announce",
		[VRRP_ACT_FENCE] = "fence",
		[VRRP_ACT_READ_HISTORY] = "history",
		[VRRP_ACT_TOKEN] = "token",
		[VRRP_ACT_EXIT] = "exit" };

	switch (action->kind) {
	case VRRP_ACT_GATE:
		(void)snprintf(text, size, "gate-%s",
			action->in_end.us != 0    ? "open"
			: action->out_end.us != 0 ? "out"
						  : "shut");
		break;
	case VRRP_ACT_ADVERT:
		(void)snprintf(text, size, "advert-%u", action->priority);
		break;
	case VRRP_ACT_PG:
		(void)snprintf(text, size, "pg:%s", vrrp_pg_op_word(action->op));
		break;
	case VRRP_ACT_ROLE:
		(void)snprintf(text, size, "%s", vrrp_role_word(action->row->to));
		break;
	default:
		(void)snprintf(text, size, "%s", WORDS[action->kind]);
		break;
	}
}

const char *core_lab_line(struct core_lab *lab)
{
	size_t length = 0;
	char text[64];
	char last[64] = "";

	lab->line[0] = '\0';
	for (unsigned i = 0; i < lab->done_count; i++) {
		if (lab->done[i].kind == VRRP_ACT_LOG || lab->done[i].kind == VRRP_ACT_PROBE) {
			continue;
		}
		word(&lab->done[i], text, sizeof(text));
		if (strcmp(text, last) == 0) {
			continue;
		}
		memcpy(last, text, sizeof(last));
		length += (size_t)snprintf(
			lab->line + length, sizeof(lab->line) - length, "%s%s", length == 0 ? "" : " ", text);
		assert_true(length < sizeof(lab->line));
	}
	return lab->line;
}

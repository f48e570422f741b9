#include "vrrp/core_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct vrrp_action *core_act(struct vrrp_update *update, enum vrrp_action_kind kind)
{
	struct vrrp_action *action;

	assert(update->count < VRRP_ACTIONS_MAX);
	action = &update->action[update->count++];
	action->kind = kind;
	action->op = VRRP_PG_OP_NONE;
	action->level = VRRP_LOG_INFO;
	action->member = VRRP_MEMBER_NONE;
	action->priority = 0;
	action->restart = false;
	action->sync_k = 0;
	action->sync_set = 0;
	action->lifetime_s = 0;
	action->ticket = 0;
	action->seq = 0;
	action->in_end = VRRP_TIME_NONE;
	action->out_end = VRRP_TIME_NONE;
	action->row = NULL;
	action->text[0] = '\0';
	return action;
}

void core_log(struct vrrp_update *update, enum vrrp_log_level level, const char *format, ...)
{
	struct vrrp_action *action = core_act(update, VRRP_ACT_LOG);
	va_list args;

	action->level = level;
	va_start(args, format);
	(void)vsnprintf(action->text, sizeof(action->text), format, args);
	va_end(args);
}

/* The only function that writes core->role. */
void core_role_set(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause)
{
	const struct vrrp_role_row *row = vrrp_role_next(core->role, cause);
	struct vrrp_action *action;

	assert(row != NULL);
	core->role = row->to;
	core->send_now = true;
	action = core_act(update, VRRP_ACT_ROLE);
	action->row = row;
}

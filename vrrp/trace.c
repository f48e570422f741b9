/*
 * One line about what came in and one about what was ordered: the daemon's debug log and the simulator's trace.
 */
#include "vrrp/core.h"

#include <stdio.h>

static const char *const event_words[VRRP_EVENT_COUNT] = { "start", "timer", "report", "pg", "pg dead", "history",
	"stored", "fenced", "pg done", "link", "track", "claim", "address lost", "kernel failed", "stop", "restart",
	"token", "pause", "clock", "switchover", "accept members", "health", "failover" };

static const char *const action_words[VRRP_ACT_COUNT] = { "log", "send", "store", "gate", "bind", "unbind", "destroy",
	"announce", "advert", "probe", "pg", "fence", "read history", "role", "exit", "token" };

static const char *const op_words[VRRP_PG_OP_COUNT] = { "none", "promote", "stop immediate", "stop fast",
	"start as standby", "detach", "follow", "rewind", "clone", "checkpoint", "sync names", "drop senders", "seal" };

const char *vrrp_pg_op_word(unsigned op)
{
	return op < VRRP_PG_OP_COUNT ? op_words[op] : "?";
}

int vrrp_trace_event(char *line, size_t size, const struct vrrp_core *core, const struct vrrp_event *event)
{
	const char *word = event->kind < VRRP_EVENT_COUNT ? event_words[event->kind] : "?";
	const char *role = vrrp_role_word(core->role);
	char voucher[80] = "";

	switch (event->kind) {
	case VRRP_EVENT_REPORT:
		if (event->report->voucher.answer != 0) {
			(void)snprintf(voucher, sizeof(voucher), " voucher %s %llu.%u at " VRRP_LSN_FMT,
				event->report->voucher.answer == 1 ? "yes" : "no",
				(unsigned long long)event->report->voucher.ballot.counter,
				event->report->voucher.ballot.member, VRRP_LSN_ARG(event->report->voucher.position));
		}
		return snprintf(line, size, "%s: report of %u seq %llu %s ask %u ballot %llu.%u grant to %u%s", role,
			event->report->sender, (unsigned long long)event->report->seq,
			vrrp_role_word(event->report->role), event->report->ask_ms,
			(unsigned long long)event->report->ballot.counter, event->report->ballot.member,
			event->report->grant.to, voucher);
	case VRRP_EVENT_PG:
		return snprintf(line, size, "%s: pg %s%s%s tl %u at " VRRP_LSN_FMT "%s%s", role,
			event->pg.up     ? "up"
			: event->pg.gone ? "gone"
					 : "down",
			event->pg.starting ? " starting" : "", event->pg.in_recovery ? " standby" : " primary",
			event->pg.timeline, VRRP_LSN_ARG(event->pg.position), event->pg.position_known ? " known" : "",
			event->pg.streaming ? " streaming" : "");
	case VRRP_EVENT_STORED:
	case VRRP_EVENT_FENCED:
	case VRRP_EVENT_PG_DONE:
	case VRRP_EVENT_TOKEN:
		return snprintf(line, size, "%s: %s %llu %s", role, word, (unsigned long long)event->ticket,
			event->ok ? "ok" : "failed");
	case VRRP_EVENT_SWITCHOVER:
		return snprintf(line, size, "%s: switchover to %u", role, event->member);
	case VRRP_EVENT_LINK:
		return snprintf(line, size, "%s: link %s", role, event->ok ? "up" : "down");
	case VRRP_EVENT_TRACK:
		return snprintf(line, size, "%s: tracking %s, weight %d", role,
			event->track.failed    ? "failed"
			: event->track.unknown ? "unknown"
					       : "good",
			event->track.weight);
	case VRRP_EVENT_PAUSE:
		return snprintf(line, size, "%s: %s", role, event->ok ? "pause" : "resume");
	case VRRP_EVENT_CLOCK:
		return snprintf(line, size, "%s: clock %u ppm too far", role, event->clock_excess_ppm);
	case VRRP_EVENT_HEALTH:
		return snprintf(line, size, "%s: health faults 0x%x", role, event->faults);
	case VRRP_EVENT_RESTART:
	case VRRP_EVENT_START:
	case VRRP_EVENT_TIMER:
	case VRRP_EVENT_PG_DEAD:
	case VRRP_EVENT_HISTORY:
	case VRRP_EVENT_CLAIM:
	case VRRP_EVENT_ADDRESS_LOST:
	case VRRP_EVENT_KERNEL_FAILED:
	case VRRP_EVENT_STOP:
	case VRRP_EVENT_ACCEPT_MEMBERS:
	case VRRP_EVENT_FAILOVER:
	case VRRP_EVENT_COUNT:
	default:
		return snprintf(line, size, "%s: %s", role, word);
	}
}

int vrrp_trace_action(char *line, size_t size, const struct vrrp_core *core, const struct vrrp_action *action)
{
	const char *word = action->kind < VRRP_ACT_COUNT ? action_words[action->kind] : "?";

	switch (action->kind) {
	case VRRP_ACT_LOG:
		return snprintf(line, size, "  log: %s", action->text);
	case VRRP_ACT_GATE:
		return snprintf(line, size, "  gate in %lld out %lld us from now",
			action->in_end.us == 0 ? 0LL : (long long)vrrp_time_diff_us(action->in_end, core->now),
			action->out_end.us == 0 ? 0LL : (long long)vrrp_time_diff_us(action->out_end, core->now));
	case VRRP_ACT_BIND:
		return snprintf(line, size, "  bind for %u s", action->lifetime_s);
	case VRRP_ACT_PG:
		if (action->op == VRRP_PG_OP_SYNC_NAMES || action->op == VRRP_PG_OP_DROP_SENDERS) {
			return snprintf(line, size, "  pg %s k %u set 0x%x, ticket %llu", vrrp_pg_op_word(action->op),
				action->sync_k, action->sync_set, (unsigned long long)action->ticket);
		}
		return snprintf(line, size, "  pg %s, ticket %llu", vrrp_pg_op_word(action->op),
			(unsigned long long)action->ticket);
	case VRRP_ACT_ROLE:
		return snprintf(line, size, "  %s -> %s: %s", vrrp_role_word(action->row->from),
			vrrp_role_word(action->row->to), action->row->reason);
	case VRRP_ACT_SEND:
		return snprintf(line, size, "  send seq %llu", (unsigned long long)action->seq);
	case VRRP_ACT_STORE:
		return snprintf(line, size, "  store, ticket %llu", (unsigned long long)action->ticket);
	case VRRP_ACT_ADVERT:
		return snprintf(line, size, "  advert priority %u", action->priority);
	case VRRP_ACT_TOKEN:
		return snprintf(line, size, "  %s token, ticket %llu",
			vrrp_ballot_is_none(&core->token.ballot) ? "remove" : "write",
			(unsigned long long)action->ticket);
	case VRRP_ACT_EXIT:
		return snprintf(line, size, "  exit%s", action->restart ? " to be restarted" : "");
	case VRRP_ACT_UNBIND:
	case VRRP_ACT_DESTROY:
	case VRRP_ACT_ANNOUNCE:
	case VRRP_ACT_PROBE:
	case VRRP_ACT_FENCE:
	case VRRP_ACT_READ_HISTORY:
	case VRRP_ACT_COUNT:
	default:
		return snprintf(line, size, "  %s", word);
	}
}

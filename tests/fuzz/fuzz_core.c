/*
 * One member against everything: bytes choose what happens to it, when, and what the others claim, from values that are
 * plausible and values that are hostile. After each step core_monitor.h's rules must hold and the deadline be within
 * the lease; an assert of the core is a finding too. Disk, PostgreSQL and the others may also answer as they should for
 * a while (FRIENDLY), else nothing deep would ever be reached; a crash starts the member again from what is on its
 * disk.
 *
 * What the daemon rules out is not tried: a report that vrrp_report_decode() drops, a state that stored_text_read()
 * refuses, stores that end in another order than they were begun in.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/input.h"
#include "tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum happening {
	HAPPENS_TIMER = 0,
	HAPPENS_SAY, /* a report as it is */
	HAPPENS_SAY_CHANGED,
	HAPPENS_SAY_CHANGED_MORE,
	HAPPENS_FRIENDLY,
	HAPPENS_PG,
	HAPPENS_PG_CHANGED,
	HAPPENS_PG_DEAD,
	HAPPENS_PG_DONE,
	HAPPENS_HISTORY,
	HAPPENS_STORED,
	HAPPENS_FENCED,
	HAPPENS_LINK,
	HAPPENS_CLAIM,
	HAPPENS_ADDRESS_LOST,
	HAPPENS_KERNEL_FAILED,
	HAPPENS_STOP,
	HAPPENS_CRASH,
	HAPPENS_ASK,
	HAPPENS_RESTART,
	HAPPENS_TOKEN,
	HAPPENS_PAUSE,
	HAPPENS_CLOCK,
	HAPPENS_HEALTH,
	HAPPENS_SWITCHOVER,
	HAPPENS_CHECKPOINTED,
	HAPPENS_ACCEPT_MEMBERS,
	HAPPENS_TRACK,
	HAPPENS_KINDS
};

#define STEPS_MAX 400

/* Time passes before each event: mostly none or little. */
static void pass(struct world *w, struct input *input)
{
	const int64_t advert_us = w->config.advert_int_us;
	const int64_t table[] = { 0, 1, 1000, advert_us / 8, advert_us / 2, advert_us, advert_us + 1,
		w->config.lease_us - 1, w->config.lease_us, w->config.lease_us + 1, 3 * w->config.lease_us,
		60 * VRRP_US_PER_S };
	unsigned choice = input_below(input, 32);

	if (choice >= 24) {
		w->now = vrrp_time_max(w->now, w->core.deadline);
	} else if (choice < VRRP_ARRAY_LENGTH(table)) {
		w->now = vrrp_time_add(w->now, table[choice]);
	}
}

static void pg_done(struct world *w, struct input *input)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_PG_DONE, .ticket = w->core.op_ticket };
	unsigned how = input_byte(input);

	event.ok = (how & 1) == 0;
	event.untouched = (how & 2) != 0;
	event.ticket -= (how & 0x70) == 0x70 ? 1 : 0; /* an order that was overtaken */
	if ((how & 4) == 0) {
		world_pg_follows_order(w, event.ok);
	}
	event.pg = w->pg;
	world_step(w, &event);
}

static void stored(struct world *w, struct input *input)
{
	unsigned how = input_byte(input);

	world_stored(w, (how & 3) != 3, (how & 0x70) == 0x70);
}

static void token_done(struct world *w, struct input *input)
{
	unsigned how = input_byte(input);

	world_token_done(w, (how & 3) != 3, (how & 0x70) == 0x70);
}

static void say_changed(struct world *w, struct input *input, unsigned changes)
{
	unsigned i = input_below(input, VRRP_MEMBERS_MAX);

	for (unsigned n = 0; n < changes; n++) {
		world_peer_change(w, i % w->config.member_count, input);
	}
	world_say(w, i, input_below(input, 8) != 7);
}

/* What is one event and no more. */
static void event_happens(struct world *w, struct input *input, enum happening what)
{
	static const enum vrrp_event_kind kinds[HAPPENS_KINDS] = { [HAPPENS_TIMER] = VRRP_EVENT_TIMER,
		[HAPPENS_PG_DEAD] = VRRP_EVENT_PG_DEAD,
		[HAPPENS_HISTORY] = VRRP_EVENT_HISTORY,
		[HAPPENS_FENCED] = VRRP_EVENT_FENCED,
		[HAPPENS_LINK] = VRRP_EVENT_LINK,
		[HAPPENS_CLAIM] = VRRP_EVENT_CLAIM,
		[HAPPENS_ADDRESS_LOST] = VRRP_EVENT_ADDRESS_LOST,
		[HAPPENS_KERNEL_FAILED] = VRRP_EVENT_KERNEL_FAILED,
		[HAPPENS_STOP] = VRRP_EVENT_STOP,
		[HAPPENS_RESTART] = VRRP_EVENT_RESTART,
		[HAPPENS_PAUSE] = VRRP_EVENT_PAUSE,
		[HAPPENS_CLOCK] = VRRP_EVENT_CLOCK,
		[HAPPENS_HEALTH] = VRRP_EVENT_HEALTH,
		[HAPPENS_SWITCHOVER] = VRRP_EVENT_SWITCHOVER,
		[HAPPENS_CHECKPOINTED] = VRRP_EVENT_PG_DONE,
		[HAPPENS_ACCEPT_MEMBERS] = VRRP_EVENT_ACCEPT_MEMBERS,
		[HAPPENS_TRACK] = VRRP_EVENT_TRACK };
	struct vrrp_event event = { .kind = kinds[what], .ok = input_below(input, 2) == 0 };
	unsigned how = input_byte(input);

	switch (what) {
	case HAPPENS_HISTORY:
		event.history = w->history;
		if (how % 4 == 3) {
			world_history_choose(&event.history, input);
		}
		break;
	case HAPPENS_FENCED:
		event.ticket = w->core.wait_ticket - (how % 8 == 7);
		break;
	case HAPPENS_PG_DEAD:
		world_pg_dies(w);
		break;
	case HAPPENS_STOP:
		event.kind = how % 4 == 3 ? VRRP_EVENT_STOP : VRRP_EVENT_TIMER; /* the end of most that could come */
		break;
	case HAPPENS_CLOCK:
		event.clock_excess_ppm = event.ok ? how * 4000 : 0;
		break;
	case HAPPENS_HEALTH:
		event.faults = event.ok ? how * UINT32_C(0x10101) : 0;
		break;
	case HAPPENS_SWITCHOVER: /* to a member, to one that is not there, to the best */
		event.member = how % 4 == 3 ? VRRP_MEMBER_NONE : (uint8_t)(how / 4 % (VRRP_MEMBERS_MAX + 1));
		break;
	case HAPPENS_CHECKPOINTED:
		event.ticket = w->core.switchover.ticket - (how % 8 == 7);
		event.pg = w->pg;
		break;
	case HAPPENS_TRACK:
		event.track =
			(struct vrrp_track){ .failed = !event.ok, .unknown = how == 1, .weight = ((int)how - 128) * 4 };
		break;
	default:
		break;
	}
	world_step(w, &event);
}

static void happen(struct world *w, struct input *input)
{
	enum happening what = (enum happening)input_below(input, HAPPENS_KINDS);

	pass(w, input);
	switch (what) {
	case HAPPENS_SAY:
		say_changed(w, input, 0);
		break;
	case HAPPENS_SAY_CHANGED:
		say_changed(w, input, 1);
		break;
	case HAPPENS_SAY_CHANGED_MORE:
		say_changed(w, input, 2 + input_below(input, 6));
		break;
	case HAPPENS_FRIENDLY:
		world_friendly(w, 1 + input_below(input, 24), input_byte(input));
		break;
	case HAPPENS_PG_CHANGED:
		world_pg_change(w, input);
		world_probe(w);
		break;
	case HAPPENS_PG:
		world_probe(w);
		break;
	case HAPPENS_PG_DONE:
		pg_done(w, input);
		break;
	case HAPPENS_STORED:
		stored(w, input);
		break;
	case HAPPENS_TOKEN:
		token_done(w, input);
		break;
	case HAPPENS_CRASH:
		world_crash(w, input_byte(input));
		break;
	case HAPPENS_ASK:
		world_ask(w, input_below(input, VRRP_MEMBERS_MAX), input_byte(input));
		break;
	default:
		event_happens(w, input, what);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct input input = { data, size };

	world_init(&w, &input);
	for (unsigned i = 0; i < STEPS_MAX && input.size > 0; i++) {
		happen(&w, &input);
	}
	return 0;
}

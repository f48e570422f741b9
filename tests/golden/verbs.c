/*
 * The verbs of a story, one a line. WHO is db1, db2, ... or w3 for a witness; several, or `all`, where it makes sense.
 * Times are `300 ms` or `2 s`.
 *
 *	members N [witnesses W]           first; db1 is the primary, the others stream from it; w.. are the last
 *	set KNOB=VALUE                    a knob of the simulator (tests/sim/knobs.h), before or after the start
 *	cluster up                        all that db1's configuration names started; db1 serves, the others are its
 *	                                  standbys; told by nobody
 *	start WHO                         the daemon
 *	kill WHO, lose file WHO           the daemon dies; and its state file is damaged
 *	freeze WHO for TIME [before ACT]  the daemon, now or before its next action ACT: gate, bind, store, send, pg
 *	                                  promote ...
 *	power off WHO, boot WHO           the host
 *	cut WHO [from WHO], cut WHO to WHO   links, both ways (from all others by default) or one way
 *	mend                              all links
 *	carrier WHO up|down
 *	postgres WHO dies|hangs|answers, and: cannot write|can write, is shut down|promoted|started by hand
 *	clock WHO runs at PPM             of true time, from now on
 *	claim WHO, address lost WHO, kernel fails WHO   what the kernel tells the daemon
 *	stop, restart, pause, ...         an operator's, see operator.c
 *	run TIME
 *	until WHO is ROLE within TIME     or: until WHO serves within TIME, until nobody serves within TIME
 *	expect WHO is ROLE, expect WHO serves, expect nobody serves
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/golden/golden.h"

#define FOR_EVER_US INT64_C(1000000000000)
#define CLUSTER_UP_US (5 * VRRP_US_PER_S)

static const struct sim_knobs default_knobs = { .seed = 1,
	.members = 3,
	.advert_int_us = 250000,
	.lease_adverts = 4,
	.max_drift_ppm = 100000,
	.restart_grace_us = 10000000,
	.boot_wait_us = 10000000,
	.promote_timeout_us = 10000000,
	.switchover_timeout_us = 10000000,
	.fault_hold_us = 10000000,
	.max_lag_bytes = 16777216,
	.manage_full = 1,
	.wake_late_us = 100,
	.delay_min_us = 1000,
	.delay_max_us = 1000,
	.store_us = 2000,
	.fence_us = 100000,
	.probe_interval_us = 500000,
	.probe_us = 5000,
	.promote_us = 200000,
	.pg_stop_us = 50000,
	.pg_start_us = 300000,
	.rejoin_us = 1000000,
	.write_bytes_per_ms = 100,
	.reload_us = 5000,
	.wal_timeout_us = 10000000,
	.checkpoint_us = 100000,
	.slots = 1,
	.fault_length_pct = INT64_C(100000000), /* what has left stays away until the story starts it */
	.steady = 1 };

/* The world stands from the first verb on that needs it; daemons are started by the story alone. */
static void begin(struct golden_story *story)
{
	struct sim_event event;

	if (story->begun) {
		return;
	}
	story->begun = true;
	sim_world_init(&story->world, &story->knobs);
	while (sim_heap_pop(&story->world.heap, &event)) {
		sim_packet_put(&story->world, event.packet);
	}
	story->world.delay_max_us = story->knobs.delay_max_us;
	story->trace = open_memstream(&story->raw, &story->raw_size);
	story->world.trace = story->trace;
}

void golden_end(struct golden_story *story)
{
	if (story->begun) {
		sim_world_deinit(&story->world);
		(void)fclose(story->trace);
		free(story->raw);
	}
}

static void cut(struct golden_verb *verb)
{
	struct sim_world *world = &verb->story->world;
	bool set[SIM_MEMBERS_MAX][SIM_MEMBERS_MAX] = { { false } };
	unsigned sides[2] = { golden_members(verb), 0 };
	bool one_way = golden_accept(verb, "to");

	sides[1] = one_way || golden_accept(verb, "from") ? golden_members(verb) : ~sides[0];
	for (unsigned from = 0; from < world->count; from++) {
		for (unsigned to = 0; to < world->count; to++) {
			bool out = (sides[0] >> from & 1) != 0 && (sides[1] >> to & 1) != 0;
			bool in = (sides[1] >> from & 1) != 0 && (sides[0] >> to & 1) != 0;

			set[from][to] = from != to && (out || (in && !one_way));
		}
	}
	sim_pg_sync_all(world);
	sim_net_cut(world, set, SIM_CUT_REPORTS | SIM_CUT_PG, 0);
}

static void mend(struct golden_verb *verb)
{
	sim_pg_sync_all(&verb->story->world);
	sim_net_mend_all(&verb->story->world);
}

/* The number of the action or order of that name; its limit if there is none. */
static unsigned kind_of(const char *text, enum vrrp_pg_op *ret_op)
{
	static const char *const words[VRRP_ACT_COUNT] = { [VRRP_ACT_SEND] = "send",
		[VRRP_ACT_STORE] = "store",
		[VRRP_ACT_GATE] = "gate",
		[VRRP_ACT_BIND] = "bind",
		[VRRP_ACT_UNBIND] = "unbind",
		[VRRP_ACT_ANNOUNCE] = "announce",
		[VRRP_ACT_FENCE] = "fence",
		[VRRP_ACT_PG] = "pg" };
	unsigned kind = 0;

	while (kind < VRRP_ACT_COUNT && (words[kind] == NULL || strncmp(text, words[kind], strlen(words[kind])) != 0)) {
		kind++;
	}
	*ret_op = VRRP_PG_OP_NONE;
	for (unsigned op = 0; kind == VRRP_ACT_PG && op < VRRP_PG_OP_COUNT; op++) {
		if (strcmp(text + strlen("pg "), vrrp_pg_op_word(op)) == 0) {
			*ret_op = (enum vrrp_pg_op)op;
		}
	}
	return kind;
}

static void freeze(struct golden_verb *verb)
{
	struct sim_member *member = golden_member(verb, golden_next(verb));
	char text[GOLDEN_LINE_MAX] = "";

	if (member == NULL || !golden_accept(verb, "for")) {
		golden_break(verb, "freeze WHO for TIME [before ACTION]");
		return;
	}
	member->freeze_us = golden_accept_words(verb, "ever") ? FOR_EVER_US : golden_duration_us(verb);
	if (!golden_accept(verb, "before")) {
		member->freeze_in = 1;
		return;
	}
	while (verb->at < verb->count) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? " " : "", golden_next(verb));
	}
	member->freeze_kind = kind_of(text, &member->freeze_op) + 1;
	if (member->freeze_kind > VRRP_ACT_COUNT) {
		golden_break(verb, "no such action");
	}
}

static void post(struct golden_verb *verb, struct sim_inbox_entry entry)
{
	unsigned set = golden_members(verb);

	for (unsigned i = 0; i < verb->story->world.count; i++) {
		if ((set >> i & 1) != 0) {
			sim_member_post(&verb->story->world, &verb->story->world.member[i], &entry);
		}
	}
}

static void carrier(struct golden_verb *verb)
{
	struct sim_member *member = golden_member(verb, golden_next(verb));
	const char *state = golden_next(verb);

	if (member == NULL || (strcmp(state, "up") != 0 && strcmp(state, "down") != 0)) {
		golden_break(verb, "carrier WHO up|down");
		return;
	}
	sim_pg_sync_all(&verb->story->world);
	member->carrier = strcmp(state, "up") == 0;
	sim_member_post(&verb->story->world, member,
		&(struct sim_inbox_entry){ .kind = VRRP_EVENT_LINK, .ok = member->carrier });
}

static void postgres(struct golden_verb *verb)
{
	struct sim_world *world = &verb->story->world;
	struct sim_member *member = golden_member(verb, golden_next(verb));

	if (member == NULL || member->witness) {
		golden_break(verb, "no such PostgreSQL");
		return;
	}
	sim_pg_sync_all(world);
	if (golden_accept(verb, "dies")) {
		sim_pg_die(world, member, false);
	} else if (golden_accept_words(verb, "is shut down by hand")) {
		sim_pg_die(world, member, true);
	} else if (golden_accept(verb, "hangs")) {
		member->pg.hung = true;
	} else if (golden_accept(verb, "answers")) {
		member->pg.hung = false;
	} else if (golden_accept_words(verb, "cannot write")) {
		member->pg.sick = VRRP_FAULT_BIT(VRRP_FAULT_DISK_STUCK);
	} else if (golden_accept_words(verb, "can write")) {
		member->pg.sick = 0;
	} else if (golden_accept_words(verb, "is promoted by hand")) {
		sim_pg_op(world, member, &(struct vrrp_action){ .kind = VRRP_ACT_PG, .op = VRRP_PG_OP_PROMOTE });
	} else if (golden_accept_words(verb, "is started by hand")) {
		sim_pg_begin_start(world, member, member->pg.standby);
	} else {
		golden_break(verb, "not understood");
	}
}

static void clock_rate(struct golden_verb *verb)
{
	struct sim_member *member = golden_member(verb, golden_next(verb));
	long long ppm;

	if (member == NULL || !golden_accept_words(verb, "runs at") ||
		(ppm = strtoll(golden_next(verb), NULL, 10)) <= 0) {
		golden_break(verb, "clock WHO runs at PPM");
		return;
	}
	sim_clock_set_rate(&verb->story->world, member);
	member->rate_ppm = ppm;
	member->wake_us = INT64_MAX;
	sim_member_wake(&verb->story->world, member);
}

static void each(struct golden_verb *verb, void (*act)(struct sim_world *world, struct sim_member *member))
{
	unsigned set = golden_members(verb);

	for (unsigned i = 0; i < verb->story->world.count; i++) {
		if ((set >> i & 1) != 0) {
			act(&verb->story->world, &verb->story->world.member[i]);
		}
	}
}

static bool all_is_well(struct golden_verb *verb)
{
	const struct sim_world *world = &verb->story->world;
	const struct vrrp_core *first = &world->member[0].core;

	for (unsigned i = 0; i < world->member[0].listed; i++) {
		const struct sim_member *member = &world->member[i];

		if (i == 0 ? first->role != VRRP_ROLE_MASTER
			   : !member->witness &&
					(!member->pg.receiver || vrrp_core_faults(&member->core) != 0 ||
						!vrrp_ballot_equal(&member->core.stored.epoch, &first->stored.epoch))) {
			return false;
		}
	}
	return true;
}

/* What every story begins with is told once, by a story of its own. */
static void cluster_up(struct golden_verb *verb)
{
	struct golden_story *story = verb->story;
	FILE *out = story->out;
	char *untold = NULL;
	size_t size = 0;

	story->out = open_memstream(&untold, &size);
	for (unsigned i = 0; i < story->world.member[0].listed; i++) {
		sim_member_start(&story->world, &story->world.member[i]);
	}
	golden_run_to(story, CLUSTER_UP_US, all_is_well, verb);
	if (all_is_well(verb)) {
		golden_run_to(story, CLUSTER_UP_US, NULL, verb);
	}
	(void)fclose(story->out);
	free(untold);
	story->out = out;
	if (!all_is_well(verb)) {
		golden_break(verb, "not up in time");
	}
}

static void lose_file(struct sim_world *world, struct sim_member *member)
{
	sim_member_kill(world, member);
	member->disk.damaged = true;
}

static void set_knob(struct golden_verb *verb)
{
	struct golden_story *story = verb->story;

	if (!sim_knobs_set(story->begun ? &story->world.knobs : &story->knobs, golden_next(verb))) {
		golden_break(verb, "no such knob, or out of range");
	}
}

static void set_members(struct golden_verb *verb)
{
	struct golden_story *story = verb->story;

	story->knobs.members = strtoll(golden_next(verb), NULL, 10);
	story->knobs.witnesses = golden_accept(verb, "witnesses") ? strtoll(golden_next(verb), NULL, 10) : 0;
	if (story->begun || story->knobs.members < 2 || story->knobs.members > SIM_MEMBERS_MAX ||
		story->knobs.witnesses < 0 || story->knobs.witnesses >= story->knobs.members) {
		golden_break(verb, "2 to 7 members, first of all");
	}
}

static void host_or_daemon(struct golden_verb *verb)
{
	if (golden_accept(verb, "start")) {
		each(verb, sim_member_start);
	} else if (golden_accept(verb, "kill")) {
		each(verb, sim_member_kill);
	} else if (golden_accept_words(verb, "lose file")) {
		each(verb, lose_file);
	} else if (golden_accept_words(verb, "power off")) {
		each(verb, sim_member_power_off);
	} else if (golden_accept(verb, "boot")) {
		each(verb, sim_member_boot);
	} else if (golden_accept(verb, "thaw")) {
		each(verb, sim_member_thaw);
	} else if (golden_accept(verb, "claim")) {
		post(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_CLAIM });
	} else if (golden_accept_words(verb, "address lost")) {
		post(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_ADDRESS_LOST });
	} else if (golden_accept_words(verb, "kernel fails")) {
		post(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_KERNEL_FAILED });
	} else {
		golden_break(verb, "no such verb");
	}
}

static void in_the_world(struct golden_verb *verb)
{
	static const struct {
		const char *word;
		void (*act)(struct golden_verb *verb);
	} acts[] = { { "run", golden_run }, { "until", golden_until }, { "expect", golden_expect }, { "cut", cut },
		{ "mend", mend }, { "freeze", freeze }, { "carrier", carrier }, { "postgres", postgres },
		{ "clock", clock_rate } };

	begin(verb->story);
	if (golden_accept_words(verb, "cluster up")) {
		cluster_up(verb);
		return;
	}
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(acts); i++) {
		if (golden_accept(verb, acts[i].word)) {
			acts[i].act(verb);
			return;
		}
	}
	if (!golden_operator(verb)) {
		host_or_daemon(verb);
	}
}

void golden_carry_out(struct golden_story *story, const char *line)
{
	struct golden_verb verb = { .story = story };
	char copy[GOLDEN_LINE_MAX];
	char *save = NULL;

	if (story->knobs.members == 0) {
		story->knobs = default_knobs;
	}
	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " \t", &save); word != NULL && verb.count < GOLDEN_WORDS_MAX;
		word = strtok_r(NULL, " \t", &save)) {
		verb.word[verb.count++] = word;
	}
	if (story->world.violated) {
		return; /* what comes after it means nothing */
	}
	if (golden_accept(&verb, "members")) {
		set_members(&verb);
	} else if (golden_accept(&verb, "set")) {
		set_knob(&verb);
	} else {
		in_the_world(&verb);
	}
	if (verb.at < verb.count && !story->broken) {
		golden_break(&verb, "words left over");
	}
	if (story->begun) {
		golden_tell(story);
	}
}

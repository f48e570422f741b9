/* The words of a verb: members, times, and conditions that a story waits for. */
#include <stdlib.h>
#include <string.h>

#include "tests/golden/golden.h"

void golden_break(struct golden_verb *verb, const char *what)
{
	(void)fprintf(verb->story->out, "\t!! %s\n", what);
	verb->story->broken = true;
}

const char *golden_next(struct golden_verb *verb)
{
	return verb->at < verb->count ? verb->word[verb->at++] : "";
}

bool golden_accept(struct golden_verb *verb, const char *word)
{
	if (verb->at < verb->count && strcmp(verb->word[verb->at], word) == 0) {
		verb->at++;
		return true;
	}
	return false;
}

/* Two or more words. */
bool golden_accept_words(struct golden_verb *verb, const char *words)
{
	char copy[GOLDEN_LINE_MAX];
	unsigned at = verb->at;
	char *save = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		if (!golden_accept(verb, word)) {
			verb->at = at;
			return false;
		}
	}
	return true;
}

struct sim_member *golden_member(struct golden_verb *verb, const char *word)
{
	for (unsigned i = 0; i < verb->story->world.count; i++) {
		char name[GOLDEN_NAME_MAX];

		golden_name(verb->story, i, name);
		if (strcmp(name, word) == 0) {
			return &verb->story->world.member[i];
		}
	}
	return NULL;
}

/* The members named from here on, as a bit set. */
unsigned golden_members(struct golden_verb *verb)
{
	unsigned set = 0;

	while (verb->at < verb->count) {
		const struct sim_member *member = golden_member(verb, verb->word[verb->at]);

		if (strcmp(verb->word[verb->at], "all") == 0) {
			set = (1U << verb->story->world.count) - 1;
		} else if (member != NULL) {
			set |= 1U << member->index;
		} else {
			break;
		}
		verb->at++;
	}
	if (set == 0) {
		golden_break(verb, "no such member");
	}
	return set;
}

int64_t golden_duration_us(struct golden_verb *verb)
{
	char *end;
	long long value = strtoll(golden_next(verb), &end, 10);
	const char *unit = golden_next(verb);

	if (*end == '\0' && value > 0 && value < 1000000 && strcmp(unit, "ms") == 0) {
		return value * VRRP_US_PER_MS;
	}
	if (*end == '\0' && value > 0 && value < 1000000 && strcmp(unit, "s") == 0) {
		return value * VRRP_US_PER_S;
	}
	golden_break(verb, "a time is a whole number and ms or s");
	return 0;
}

static bool may_go_on(struct golden_story *story)
{
	if (story->world.violated || story->steps++ >= GOLDEN_STEPS_MAX) {
		story->broken = true;
		return false;
	}
	return true;
}

/* Events up to that moment, which comes at last even if nothing happens. */
void golden_run_to(
	struct golden_story *story, int64_t end_us, bool (*done)(struct golden_verb *verb), struct golden_verb *verb)
{
	struct sim_world *world = &story->world;

	while (world->heap.count > 0 && world->heap.event[0].at_us <= end_us && may_go_on(story)) {
		(void)sim_world_step(world);
		golden_tell(story);
		if (done != NULL && done(verb)) {
			return;
		}
	}
	if (!story->broken) {
		world->now_us = end_us;
	}
}

void golden_run(struct golden_verb *verb)
{
	golden_run_to(verb->story, verb->story->world.now_us + golden_duration_us(verb), NULL, verb);
}

static bool nobody_serves(const struct sim_world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		if (sim_kernel_gate_open(world, &world->member[i])) {
			return false;
		}
	}
	return true;
}

/* Reads a condition from where the verb stands, and leaves it there. */
static bool holds(struct golden_verb *verb)
{
	struct golden_story *story = verb->story;
	const struct sim_member *member;
	unsigned begin_at = verb->at;
	bool good = false;

	if (golden_accept_words(verb, "nobody serves")) {
		good = nobody_serves(&story->world);
	} else if ((member = golden_member(verb, golden_next(verb))) == NULL) {
		golden_break(verb, "no such member");
	} else if (golden_accept(verb, "serves")) {
		good = member->core.role == VRRP_ROLE_MASTER && sim_kernel_gate_open(&story->world, member);
	} else if (golden_accept_words(verb, "is a standby of")) {
		const struct sim_member *of = golden_member(verb, golden_next(verb));

		good = of != NULL && member->pg.state == SIM_PG_UP && member->pg.standby && member->pg.receiver &&
		       member->pg.upstream == of->index;
	} else if (golden_accept(verb, "is")) {
		good = strcmp(golden_next(verb), vrrp_role_word(member->core.role)) == 0 && member->running;
	} else {
		golden_break(verb, "not understood");
	}
	verb->at = begin_at;
	return good;
}

void golden_until(struct golden_verb *verb)
{
	struct golden_story *story = verb->story;
	unsigned condition = verb->at;
	unsigned within = verb->at;
	int64_t limit_us;

	while (within < verb->count && strcmp(verb->word[within], "within") != 0) {
		within++;
	}
	verb->at = within + 1;
	limit_us = golden_duration_us(verb);
	verb->at = condition;
	if (limit_us > 0 && !holds(verb)) {
		golden_run_to(story, story->world.now_us + limit_us, holds, verb);
	}
	if (!holds(verb)) {
		golden_break(verb, "not within that time");
	}
	verb->at = verb->count;
}

void golden_expect(struct golden_verb *verb)
{
	if (!holds(verb)) {
		golden_break(verb, "is not so");
	}
	verb->at = verb->count;
}

/* What a story tells: the simulator's trace without what happens all the time, and changes of grants, refusals, epochs
 * and faults, which a trace of actions does not show. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/golden/golden.h"

/* Actions that renew or repeat, or prepare what is told by others. */
static const char *const dull[] = { "send seq", "store, ticket", "probe", "advert priority 1", "read history" };

void golden_name(const struct golden_story *story, unsigned index, char name[GOLDEN_NAME_MAX])
{
	(void)snprintf(name, GOLDEN_NAME_MAX, "%s%u", story->world.member[index].witness ? "w" : "db", index + 1);
}

void golden_say(struct golden_story *story, const char *who, const char *format, ...)
{
	va_list args;

	(void)fprintf(story->out, "\t%8.3f %-3s ", (double)story->world.now_us / 1e6, who);
	va_start(args, format);
	(void)vfprintf(story->out, format, args);
	va_end(args);
	(void)fputc('\n', story->out);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* "gate in N out N us from now": told when it opens or closes, not when it is renewed. */
static void tell_gate(struct golden_story *story, struct golden_seen *seen, const char *who, const char *text)
{
	long long in = 0;
	long long out = 0;
	bool was_in = seen->gate_in;
	bool was_out = seen->gate_out;

	(void)sscanf(text, "gate in %lld out %lld", &in, &out);
	seen->gate_in = in != 0;
	seen->gate_out = out != 0;
	if (was_in != seen->gate_in || was_out != seen->gate_out) {
		golden_say(story, who, "gate %s",
			seen->gate_in    ? "open"
			: seen->gate_out ? "closed inwards"
					 : "closed");
	}
}

static void tell_action(struct golden_story *story, struct golden_seen *seen, const char *who, const char *text)
{
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(dull); i++) {
		if (begins(text, dull[i])) {
			return;
		}
	}
	if (begins(text, "gate ")) {
		tell_gate(story, seen, who, text);
	} else if (begins(text, "bind for")) {
		if (!seen->bound) {
			golden_say(story, who, "%s", text);
		}
		seen->bound = true;
	} else if (begins(text, "announce")) {
		if (!seen->announced) {
			golden_say(story, who, "%s", text);
		}
		seen->announced = true;
	} else if (begins(text, "unbind")) {
		if (seen->bound) {
			golden_say(story, who, "%s", text);
		}
		seen->bound = false;
		seen->announced = false;
	} else if (begins(text, "pg ") && strchr(text, ',') != NULL) {
		golden_say(story, who, "%.*s", (int)strcspn(text, ","), text); /* without the ticket */
	} else {
		golden_say(story, who, "%s", text);
	}
}

/* Told as the story's own verb, or by what follows from it. */
static bool is_event(const char *text)
{
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		const char *word = vrrp_role_word(role);

		if (begins(text, word) && text[strlen(word)] == ':') {
			return true;
		}
	}
	return false;
}

/* A line is: seconds, m and the member's number or --, text; an action's text is indented. */
static void tell_line(struct golden_story *story, const char *line)
{
	char who[GOLDEN_NAME_MAX] = "--";
	char mark[GOLDEN_NAME_MAX];
	struct golden_seen *seen = NULL;
	double at;
	int length = 0;

	if (story->whole) {
		(void)fprintf(story->out, "\t%s\n", line);
		return;
	}
	if (sscanf(line, "%lf %7s%n", &at, mark, &length) != 2) {
		return;
	}
	if (mark[0] == 'm') {
		unsigned index = (unsigned)atoi(mark + 1) - 1U;

		if (index >= story->world.count) {
			return;
		}
		golden_name(story, index, who);
		seen = &story->seen[index];
	}
	line += length + 1;
	if (begins(line, "    ") && seen != NULL) {
		tell_action(story, seen, who, line + strspn(line, " "));
	} else if (!is_event(line)) {
		if (seen != NULL && begins(line, "host off")) { /* nothing is left in its kernel */
			seen->gate_in = seen->gate_out = seen->bound = seen->announced = false;
		}
		golden_say(story, who, "%s", line);
	}
}

static void tell_trace(struct golden_story *story)
{
	(void)fflush(story->trace);
	while (story->raw_told < story->raw_size) {
		char *line = story->raw + story->raw_told;
		size_t length = strcspn(line, "\n");

		line[length] = '\0';
		tell_line(story, line);
		story->raw_told += length + 1;
	}
	rewind(story->trace);
	story->raw_told = 0;
}

static void ballot_words(const struct vrrp_ballot *ballot, char words[64])
{
	if (vrrp_ballot_is_none(ballot)) {
		(void)snprintf(words, 64, "none");
	} else {
		(void)snprintf(words, 64, "%llu.%u", (unsigned long long)ballot->counter, ballot->member);
	}
}

static void tell_votes(
	struct golden_story *story, const struct sim_member *member, struct golden_seen *seen, const char *who)
{
	const struct vrrp_core *core = &member->core;
	char other[GOLDEN_NAME_MAX];
	char ballot[64];

	if (core->grant.to != seen->grant.to || !vrrp_ballot_equal(&core->grant.ballot, &seen->grant.ballot)) {
		ballot_words(&core->grant.ballot, ballot);
		if (core->grant.to == 0) {
			golden_say(story, who, "grants nobody any more");
		} else {
			golden_name(story, core->grant.to - 1U, other);
			golden_say(story, who, "grants %s ballot %s", other, ballot);
		}
		seen->grant = core->grant;
	}
	if (core->refusal.to != 0 &&
		(core->refusal.to != seen->refusal.to || core->refusal.reason != seen->refusal.reason ||
			!vrrp_ballot_equal(&core->refusal.ballot, &seen->refusal.ballot))) {
		golden_name(story, core->refusal.to - 1U, other);
		ballot_words(&core->refusal.ballot, ballot);
		golden_say(
			story, who, "refuses %s ballot %s: %s", other, ballot, vrrp_refusal_word(core->refusal.reason));
	}
	seen->refusal = core->refusal;
	if (!vrrp_ballot_equal(&core->release, &seen->release)) {
		ballot_words(&core->release, ballot);
		golden_say(story, who, "releases ballot %s", ballot);
		seen->release = core->release;
	}
}

static void tell_data(
	struct golden_story *story, const struct sim_member *member, struct golden_seen *seen, const char *who)
{
	const struct vrrp_core *core = &member->core;
	uint32_t faults = vrrp_core_faults(core);
	char words[256] = "";

	if (member->witness) {
		return;
	}
	if (!vrrp_ballot_equal(&core->stored.epoch, &seen->epoch)) {
		ballot_words(&core->stored.epoch, words);
		golden_say(story, who, "epoch %s", words);
		seen->epoch = core->stored.epoch;
	}
	if (faults == seen->faults) {
		return;
	}
	words[0] = '\0';
	for (unsigned fault = 0; fault < VRRP_FAULT_COUNT; fault++) {
		if ((faults & VRRP_FAULT_BIT(fault)) != 0) {
			size_t used = strlen(words);

			(void)snprintf(words + used, sizeof(words) - used, " %s", vrrp_fault_word(fault));
		}
	}
	golden_say(story, who, "faults:%s", faults == 0 ? " none" : words);
	seen->faults = faults;
}

void golden_tell(struct golden_story *story)
{
	tell_trace(story);
	for (unsigned i = 0; i < story->world.count; i++) {
		const struct sim_member *member = &story->world.member[i];
		struct golden_seen *seen = &story->seen[i];
		char who[GOLDEN_NAME_MAX];

		if (!member->running || !member->core.started) {
			continue;
		}
		if (seen->life != member->life) { /* a new daemon; what is bound is the kernel's and goes on */
			seen->life = member->life;
			seen->grant = (struct vrrp_grant){ 0 };
			seen->refusal = (struct vrrp_report_refusal){ 0 };
			seen->release = (struct vrrp_ballot){ 0 };
			seen->faults = 0;
		}
		golden_name(story, i, who);
		tell_votes(story, member, seen, who);
		tell_data(story, member, seen, who);
	}
}

/*
 * Golden scenarios: small hand-written stories whose whole trace is the expected output, reviewed as a diff.
 *
 * A story is a text (tests/golden/stories): verbs as in an incident report, one a line (verbs.c), and under each verb,
 * indented by a tab, what the members did until the next one. The world is the simulator's (tests/sim) with the knob
 * `steady`: nothing is left to chance, so the same story is the same trace. A line of the trace is what the daemon logs
 * at that point: roles with their reasons, log sentences, orders to PostgreSQL, gate and address, grants and refusals,
 * epochs. Renewals, probes and reports that change nothing are left out (watch.c).
 *
 * A story that differs from its file, breaks an invariant of the simulator or one of its own `until` and `expect` is
 * red. `--update` writes the files anew; a broken `until` or `expect` stays red even then.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "tests/sim/sim.h"

#define GOLDEN_LINE_MAX 512
#define GOLDEN_WORDS_MAX 16
#define GOLDEN_NAME_MAX 16
#define GOLDEN_STEPS_MAX 2000000 /* events of one story */

/* What watch.c knows of a member, so that only changes are told. */
struct golden_seen {
	bool gate_in;
	bool gate_out;
	bool bound;
	bool announced;
	struct vrrp_grant grant;
	struct vrrp_report_refusal refusal;
	struct vrrp_ballot release;
	struct vrrp_ballot epoch;
	uint32_t faults;
	unsigned cores; /* incarnation counted: a new daemon begins with nothing seen */
	uint64_t life;
};

struct golden_story {
	struct sim_world world;
	struct sim_knobs knobs;
	bool begun;  /* the world stands: members and times are fixed */
	bool broken; /* an `until` or `expect` did not hold, or a verb was not understood */
	bool whole;  /* every line of the simulator's trace */
	FILE *out;
	FILE *trace; /* the simulator's, on `raw` */
	char *raw;
	size_t raw_size;
	size_t raw_told;
	uint64_t steps;
	struct golden_seen seen[SIM_MEMBERS_MAX];
};

/* A line of a story; `at` is the word that is read next. */
struct golden_verb {
	struct golden_story *story;
	char *word[GOLDEN_WORDS_MAX];
	unsigned count;
	unsigned at;
};

/* verbs.c: carries out one line; output goes to story->out. */
void golden_carry_out(struct golden_story *story, const char *line);
/* Ends the world. */
void golden_end(struct golden_story *story);

/* operator.c: carries out an operator's verb; false if it is none. */
bool golden_operator(struct golden_verb *verb);

/* words.c: reads on. accept: the next word(s), if they are these. break: the story is red. */
void golden_break(struct golden_verb *verb, const char *what);
const char *golden_next(struct golden_verb *verb);
bool golden_accept(struct golden_verb *verb, const char *word);
bool golden_accept_words(struct golden_verb *verb, const char *words);
struct sim_member *golden_member(struct golden_verb *verb, const char *word); /* or NULL */
unsigned golden_members(struct golden_verb *verb);                            /* bit set of those named from here on */
int64_t golden_duration_us(struct golden_verb *verb);
/* Events up to `end_us`, or until `done` (NULL = never) says so; then it is that time. */
void golden_run_to(
	struct golden_story *story, int64_t end_us, bool (*done)(struct golden_verb *verb), struct golden_verb *verb);
void golden_run(struct golden_verb *verb);
void golden_until(struct golden_verb *verb);
void golden_expect(struct golden_verb *verb);

/* watch.c: tells what has happened since the last call. */
void golden_tell(struct golden_story *story);
/* One line of output. */
void golden_say(struct golden_story *story, const char *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* db1, db2, ... and w3 for a witness. */
void golden_name(const struct golden_story *story, unsigned index, char name[GOLDEN_NAME_MAX]);

#endif

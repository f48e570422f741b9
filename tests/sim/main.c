/*
 * sim: runs seeds. See usage(). Exit code 0: no invariant was violated, 1: one was (the line to repeat it is printed),
 * 2: wrong arguments. With --check the output is TAP: one case a kept seed, one for the fresh ones, and one for each
 * kind of sabotage (knobs.h) that must make I1 or I5 break.
 *
 * In the build: tests/sim/sim is a check program of all *.c here and libvrrp.a; `make check` runs tests/run_sim.py.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/mutants/mutants.h"
#include "tests/sim/sim.h"

#define MAIN_SETS_MAX 64
#define MAIN_SEED_LINE_MAX 4096
#define MAIN_SEED_FILES_MAX 1000
#define MAIN_SABOTAGE_SEEDS_MAX 500

struct options {
	uint64_t seed;
	bool seed_given;
	uint64_t count; /* 0 = until the time is over */
	uint64_t steps;
	double minutes;
	bool trace;
	bool codec;
	bool first;
	bool verbose;
	bool measure;
	const char *check;
	const char *set[MAIN_SETS_MAX];
	unsigned set_count;
};

struct totals {
	uint64_t seeds;
	uint64_t failed;
	struct sim_counts counts;
};

static double wall_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_counts(struct totals *totals, const struct sim_counts *counts)
{
	totals->seeds++;
	totals->counts.steps += counts->steps;
	totals->counts.events += counts->events;
	totals->counts.takeovers += counts->takeovers;
	totals->counts.gate_writes += counts->gate_writes;
	totals->counts.late_gate_writes += counts->late_gate_writes;
	totals->counts.faults += counts->faults;
	totals->counts.freezes += counts->freezes;
	totals->counts.attaches += counts->attaches;
	totals->counts.acked_bytes += counts->acked_bytes;
	totals->counts.lost_bytes += counts->lost_bytes;
	totals->counts.mixed += counts->mixed;
	totals->counts.spoiled += counts->spoiled;
	totals->counts.live_checked += counts->live_checked;
	totals->counts.live_vacuous += counts->live_vacuous;
	totals->counts.true_us += counts->true_us;
}

static void print_totals(const struct totals *totals, double seconds, const char *prefix)
{
	const struct sim_counts *counts = &totals->counts;
	double hours = (double)counts->true_us / 3600e6;

	printf("%s%" PRIu64 " seeds, %" PRIu64 " failed, %" PRIu64 " steps, %.2f simulated hours, %" PRIu64
	       " takeovers, %" PRIu64 " faults, %" PRIu64 " freezes, %" PRIu64 " gate writes (%" PRIu64
	       " late), %" PRIu64 " attached (%" PRIu64 " mixed), %" PRIu64 " MB acknowledged (%" PRIu64
	       " kB lost), %" PRIu64 " packets spoiled, I4 checked %" PRIu64 " times (%" PRIu64
	       " without anybody eligible), %.1f s, %.0f steps/s, %.1f simulated hours a minute\n",
		prefix, totals->seeds, totals->failed, counts->steps, hours, counts->takeovers, counts->faults,
		counts->freezes, counts->gate_writes, counts->late_gate_writes, counts->attaches, counts->mixed,
		counts->acked_bytes / 1000000, counts->lost_bytes / 1000, counts->spoiled, counts->live_checked,
		counts->live_vacuous, seconds, (double)counts->steps / (seconds > 0 ? seconds : 1),
		hours * 60 / (seconds > 0 ? seconds : 1));
}

/* Runs one seed with knobs pinned by `set`; prints what to do if it fails. */
static bool run_seed(
	const struct options *options, uint64_t seed, const char *const *set, unsigned set_count, struct totals *totals)
{
	static struct sim_world world;
	struct sim_knobs knobs;
	bool good;

	sim_knobs_draw(&knobs, seed);
	for (unsigned i = 0; i < set_count; i++) {
		if (!sim_knobs_set(&knobs, set[i])) {
			(void)fprintf(stderr, "sim: --set %s: no such knob, or out of range\n", set[i]);
			exit(2);
		}
	}
	if (options->verbose || options->trace) {
		sim_knobs_print(&knobs);
		(void)fflush(stdout);
	}
	sim_inv_input_begin(seed);
	sim_world_init(&world, &knobs);
	world.max_steps = options->steps;
	world.codec = options->codec;
	world.trace = options->trace ? stdout : NULL;
	good = sim_world_run(&world);
	sim_world_deinit(&world);
	add_counts(totals, &world.counts);
	if (!good) {
		totals->failed++;
		printf("# seed %" PRIu64 ": %s\n# repeat: tests/sim/sim --seed %" PRIu64 " --trace%s", seed,
			world.violation, seed, options->codec ? " --codec" : "");
		for (unsigned i = 0; i < set_count; i++) {
			printf(" --set %s", set[i]);
		}
		printf("\n");
		(void)fflush(stdout);
	}
	return good;
}

static bool run_fresh(const struct options *options, struct totals *totals)
{
	double begin = wall_s();
	double last = begin;

	for (uint64_t i = 0; options->count == 0 || i < options->count; i++) {
		if (options->minutes > 0 && wall_s() - begin >= options->minutes * 60) {
			break;
		}
		(void)run_seed(options, options->seed + i, options->set, options->set_count, totals);
		if (totals->failed > 0 && (options->count == 0 || options->first)) {
			break; /* a soak ends at the first */
		}
		if (options->minutes > 1 && wall_s() - last > 60) {
			last = wall_s();
			print_totals(totals, last - begin, "# so far: ");
			(void)fflush(stdout);
		}
	}
	return totals->failed == 0;
}

/* A kept seed: NUMBER, then KNOB=VALUE words that it needs, then # and the story. */
static bool run_kept(const struct options *options, const char *path, struct totals *totals)
{
	char line[MAIN_SEED_LINE_MAX];
	const char *set[MAIN_SETS_MAX];
	unsigned set_count = 0;
	uint64_t seed;
	char *word;
	char *end;
	char *save = NULL;
	FILE *file = fopen(path, "re");

	if (file == NULL || fgets(line, sizeof(line), file) == NULL) {
		(void)fprintf(stderr, "sim: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	(void)fclose(file);
	line[strcspn(line, "#\n")] = '\0';
	seed = strtoull(line, &end, 10);
	if (end == line) {
		(void)fprintf(stderr, "sim: %s: does not begin with a number\n", path);
		exit(2);
	}
	for (word = strtok_r(end, " \t", &save); word != NULL && set_count < MAIN_SETS_MAX;
		word = strtok_r(NULL, " \t", &save)) {
		set[set_count++] = word;
	}
	return run_seed(options, seed, set, set_count, totals);
}

static int is_seed_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* What the rules rest on, taken away one by one: I1, or what the second open gate begins with, a gate that outlives its
 * lease (I5), must be seen to break, or the simulator is blind. */
static const char *const sabotages[] = { "sabotage_relative_gate=1", "sabotage_clocks=1", "sabotage_amnesia=1" };

static bool sees(const struct options *options, const char *sabotage)
{
	static struct sim_world world;
	/* Where each of them is seen within some tens of seeds. */
	const char *const set[] = { sabotage, "quorum_none=0", "members=3", "witnesses=0", "w_freeze=16", "w_crash=16",
		"w_cut=16", "fault_burst=3", "fault_every_pct=50" };

	for (uint64_t seed = 1; seed <= MAIN_SABOTAGE_SEEDS_MAX; seed++) {
		struct sim_knobs knobs;
		bool good;

		sim_knobs_draw(&knobs, seed);
		for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(set); i++) {
			if (!sim_knobs_set(&knobs, set[i])) {
				return false;
			}
		}
		sim_world_init(&world, &knobs);
		world.codec = options->codec;
		good = sim_world_run(&world);
		sim_world_deinit(&world);
		if (!good && (strncmp(world.violation, "I1", 2) == 0 || strncmp(world.violation, "I5", 2) == 0)) {
			printf("# %s: seed %" PRIu64 ": %s\n", sabotage, seed, world.violation);
			return true;
		}
	}
	return false;
}

/* TAP: the seeds that ever failed, fresh ones for the time given, and what must fail. */
static int check(struct options *options)
{
	struct dirent **files = NULL;
	int count = scandir(options->check, &files, is_seed_file, alphasort);
	struct totals kept = { 0 };
	struct totals fresh = { 0 };
	double begin = wall_s();
	bool good = true;
	char path[MAIN_SEED_LINE_MAX];

	if (count < 0 || count > MAIN_SEED_FILES_MAX) {
		(void)fprintf(stderr, "sim: %s: %s\n", options->check, count < 0 ? strerror(errno) : "too many files");
		return 2;
	}
	printf("1..%d\n", count + 1 + (int)VRRP_ARRAY_LENGTH(sabotages));
	for (int i = 0; i < count; i++) {
		bool passed;

		(void)snprintf(path, sizeof(path), "%s/%s", options->check, files[i]->d_name);
		passed = run_kept(options, path, &kept);
		printf("%sok %d - kept seed %s\n", passed ? "" : "not ", i + 1, files[i]->d_name);
		good = good && passed;
		free(files[i]);
	}
	free(files);
	print_totals(&kept, wall_s() - begin, "# kept: ");
	printf("# fresh seeds from %" PRIu64 "\n", options->seed);
	(void)fflush(stdout);
	begin = wall_s();
	if (!run_fresh(options, &fresh)) {
		good = false;
	}
	print_totals(&fresh, wall_s() - begin, "# fresh: ");
	if (fresh.seeds == 0 || fresh.counts.takeovers == 0 || fresh.counts.live_checked == 0) {
		printf("# nothing was tested\n");
		good = false;
		fresh.failed++;
	}
	printf("%sok %d - fresh seeds\n", fresh.failed == 0 ? "" : "not ", count + 1);
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(sabotages); i++) {
		bool seen = sees(options, sabotages[i]);

		printf("%sok %u - sees %s\n", seen ? "" : "not ", (unsigned)count + 2 + i, sabotages[i]);
		good = good && seen;
	}
	return good ? 0 : 1;
}

/*
 * The speed that is asked for: three members, advert_int 250 ms, a fault every 10 s, all invariants on. One line:
 * simulated cluster-hours and takeovers a wall minute on one core.
 */
static int measure(struct options *options)
{
	static const char *const set[] = { "members=3", "witnesses=0", "quorum_none=0", "advert_int_us=250000",
		"lease_adverts=4", "fault_every_pct=1000", "fault_burst=1", "phase_leases=400", "stutter_points=0" };
	struct totals totals = { 0 };
	double begin = wall_s();
	double minutes = options->minutes > 0 ? options->minutes : 0.2;
	double used;

	for (uint64_t i = 0; wall_s() - begin < minutes * 60; i++) {
		(void)run_seed(options, options->seed + i, set, VRRP_ARRAY_LENGTH(set), &totals);
	}
	used = (wall_s() - begin) / 60;
	printf("# measured: %.1f cluster-hours a wall minute, %.0f takeovers a wall minute (%" PRIu64 " seeds, %" PRIu64
	       " failed)\n",
		(double)totals.counts.true_us / 3600e6 / used, (double)totals.counts.takeovers / used, totals.seeds,
		totals.failed);
	return totals.failed == 0 ? 0 : 1;
}

static void usage(FILE *out)
{
	(void)fprintf(out,
		"usage: sim [--seed N] [--count K] [--minutes M] [--steps N] [--set KNOB=VALUE]... [--codec]\n"
		"           [--first] [--mutant NAME] [--trace] [--knobs] [--measure]\n"
		"           [--check DIRECTORY]\n"
		"  --seed N     first seed (default: by the clock); with it alone, exactly that one\n"
		"  --count K    seeds N .. N+K-1, whatever fails\n"
		"  --minutes M  wall time; stops at the first failure if --count is not given\n"
		"  --first      stops at the first failure although --count is given\n"
		"  --mutant M   a wrong variant of the core (tests/mutants/table; only in sim_mutant)\n"
		"  --steps N    at most N steps a seed\n"
		"  --measure    cluster-hours and takeovers a wall minute, for --minutes (default 0.2)\n"
		"  --check DIR  TAP: the kept seeds in DIR, fresh ones for --minutes (default 1), sabotage\n");
}

static bool parse(struct options *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i];
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(name, "--trace") == 0) {
			options->trace = true;
		} else if (strcmp(name, "--measure") == 0) {
			options->measure = true;
		} else if (strcmp(name, "--codec") == 0) {
			options->codec = true;
		} else if (strcmp(name, "--first") == 0) {
			options->first = true;
		} else if (strcmp(name, "--knobs") == 0) {
			options->verbose = true;
		} else if (value == NULL) {
			return false;
		} else if (strcmp(name, "--seed") == 0) {
			options->seed = strtoull(value, NULL, 10);
			options->seed_given = true;
			i++;
		} else if (strcmp(name, "--count") == 0) {
			options->count = strtoull(value, NULL, 10);
			i++;
		} else if (strcmp(name, "--steps") == 0) {
			options->steps = strtoull(value, NULL, 10);
			i++;
		} else if (strcmp(name, "--minutes") == 0) {
			options->minutes = strtod(value, NULL);
			i++;
		} else if (strcmp(name, "--mutant") == 0 && mutants_choose(value)) {
			i++;
		} else if (strcmp(name, "--check") == 0) {
			options->check = value;
			i++;
		} else if (strcmp(name, "--set") == 0 && options->set_count < MAIN_SETS_MAX) {
			options->set[options->set_count++] = value;
			i++;
		} else {
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct totals totals = { 0 };
	double begin = wall_s();
	bool good;

	if (!parse(&options, argc, argv)) {
		usage(stderr);
		return 2;
	}
	if (!options.seed_given) {
		options.seed = (uint64_t)time(NULL) * 1000000;
	}
	if (options.measure) {
		return measure(&options);
	}
	if (options.check != NULL) {
		options.minutes = options.minutes > 0 ? options.minutes : 1;
		return check(&options);
	}
	if (options.count == 0 && options.minutes <= 0) {
		options.count = 1;
	}
	printf("# seeds from %" PRIu64 "\n", options.seed);
	good = run_fresh(&options, &totals);
	print_totals(&totals, wall_s() - begin, "# ");
	if (!mutants_reached()) {
		printf("# nowhere does the core ask for that mutant\n");
		return 2;
	}
	return good ? 0 : 1;
}

/*
 * golden: tells stories. See usage(). Exit code 0: every story is as its file says, 1: one is not, 2: wrong arguments.
 *
 * In the build: tests/golden/golden is a check program of all *.c here, the simulator's world and libvrrp.a;
 * `make check-golden` runs tests/run_golden.py.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/golden/golden.h"
#include "tests/mutants/mutants.h"

struct options {
	bool update;
	bool print;
	bool whole;
};

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	char line[GOLDEN_LINE_MAX];
	FILE *copy;

	if (file == NULL) {
		(void)fprintf(stderr, "golden: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	copy = open_memstream(&text, &size);
	while (fgets(line, sizeof(line), file) != NULL) {
		(void)fputs(line, copy);
	}
	(void)fclose(file);
	(void)fclose(copy);
	return text;
}

/* The story told anew: verbs and remarks as they stand, what happens under each verb. */
static char *tell(const char *text, const struct options *options, bool *ret_broken)
{
	static struct golden_story story;
	char *told = NULL;
	size_t size = 0;

	memset(&story, 0, sizeof(story));
	story.whole = options->whole;
	story.out = open_memstream(&told, &size);
	for (const char *at = text; *at != '\0';) {
		char line[GOLDEN_LINE_MAX];
		size_t length = strcspn(at, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)length, at);
		at += length + (at[length] == '\n');
		if (line[0] == '\t') {
			continue;
		}
		(void)fprintf(story.out, "%s\n", line);
		if (line[0] != '\0' && line[0] != '#') {
			golden_carry_out(&story, line);
		}
	}
	golden_end(&story);
	(void)fclose(story.out);
	*ret_broken = story.broken || story.world.violated || !story.begun;
	return told;
}

static void print_difference(const char *expected, const char *told)
{
	unsigned line = 1;
	const char *line_expected = expected;
	const char *line_told = told;

	for (size_t i = 0; expected[i] != '\0' && expected[i] == told[i]; i++) {
		if (expected[i] == '\n') {
			line++;
			line_expected = &expected[i + 1];
			line_told = &told[i + 1];
		}
	}
	printf("# line %u, expected:\n# %.*s\n# told:\n# %.*s\n", line, (int)strcspn(line_expected, "\n"),
		line_expected, (int)strcspn(line_told, "\n"), line_told);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0) {
		(void)fprintf(stderr, "golden: %s: %s\n", path, strerror(errno));
		exit(2);
	}
}

static bool run_story(const char *path, const struct options *options)
{
	char *expected = read_file(path);
	bool broken = false;
	char *told = tell(expected, options, &broken);
	bool same = strcmp(expected, told) == 0;

	if (options->print || options->whole) {
		(void)fputs(told, stdout);
	} else if (!same && !options->update) {
		print_difference(expected, told);
	}
	if (options->update && !same && !options->whole) {
		write_file(path, told);
		printf("# %s written anew\n", path);
	}
	for (const char *at = broken ? strstr(told, "\t!! ") : NULL; at != NULL; at = strstr(at + 1, "\t!! ")) {
		printf("# %.*s\n", (int)strcspn(at, "\n"), at);
	}
	for (const char *at = strstr(told, "VIOLATION"); at != NULL; at = strstr(at + 1, "VIOLATION")) {
		printf("# %.*s\n", (int)strcspn(at, "\n"), at);
	}
	free(expected);
	free(told);
	return !broken && (same || options->update || options->print || options->whole);
}

static void usage(FILE *out)
{
	(void)fprintf(out, "usage: golden [--update | --print | --trace] [--mutant NAME] STORY...\n"
			   "  output is TAP, one case a story (a file of tests/golden/stories)\n"
			   "  --update  writes the files anew; `git diff` then shows what changed\n"
			   "  --print   prints the stories as they are told now\n"
			   "  --trace   prints them with every line of the simulator's trace\n"
			   "  --mutant  a wrong variant of the core (tests/mutants/table; only in golden_mutant)\n");
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	int first = 1;
	bool good = true;

	for (; first < argc && argv[first][0] == '-'; first++) {
		if (strcmp(argv[first], "--mutant") == 0 && first + 1 < argc && mutants_choose(argv[first + 1])) {
			first++;
			continue;
		}
		options.update = options.update || strcmp(argv[first], "--update") == 0;
		options.print = options.print || strcmp(argv[first], "--print") == 0;
		options.whole = options.whole || strcmp(argv[first], "--trace") == 0;
		if (strcmp(argv[first], "--update") != 0 && strcmp(argv[first], "--print") != 0 &&
			strcmp(argv[first], "--trace") != 0) {
			usage(stderr);
			return 2;
		}
	}
	if (first == argc) {
		usage(stderr);
		return 2;
	}
	printf("1..%d\n", argc - first);
	for (int i = first; i < argc; i++) {
		bool passed = run_story(argv[i], &options);
		const char *name = strrchr(argv[i], '/');

		printf("%sok %d - %s\n", passed ? "" : "not ", i - first + 1, name != NULL ? name + 1 : argv[i]);
		(void)fflush(stdout);
		good = good && passed;
	}
	if (!mutants_reached()) {
		printf("# nowhere does the core ask for that mutant\n");
		return 2;
	}
	return good ? 0 : 1;
}

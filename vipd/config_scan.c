#include "vipd/config_scan.h"

#include "vipd/config_clean.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_PUNCTUATION };

struct token {
	enum token_kind kind;
	char punctuation;
	size_t start;
	size_t end; /* one past; of a string without its quotes: see token_text */
	unsigned line;
};

struct scanner {
	struct config_scan *scan;
	struct config_report *report;
	size_t pos;
	unsigned line;
};

/* Reads the token at the scanner's place and moves past it. The text is clean: every string is closed on its line. */
static struct token token_next(struct scanner *s)
{
	const char *text = s->scan->text;
	struct token token = { .kind = TOKEN_END };

	while (text[s->pos] == ' ' || text[s->pos] == '\t' || text[s->pos] == '\n') {
		s->line += text[s->pos++] == '\n';
	}
	token.start = s->pos;
	token.line = s->line;
	if (text[s->pos] == '\0') {
	} else if (strchr("={},", text[s->pos]) != NULL) {
		token.kind = TOKEN_PUNCTUATION;
		token.punctuation = text[s->pos++];
	} else if (text[s->pos] == '"' || text[s->pos] == '\'') {
		char quote = text[s->pos++];

		token.kind = TOKEN_STRING;
		while (text[s->pos] != quote) {
			s->pos += text[s->pos] == '\\' ? 2 : 1;
		}
		s->pos++;
	} else {
		token.kind = TOKEN_WORD;
		s->pos += strcspn(text + s->pos, " \t\n={},\"'");
	}
	token.end = s->pos;
	return token;
}

static struct token token_peek(struct scanner *s)
{
	struct scanner copy = *s;

	return token_next(&copy);
}

static bool token_is(const struct token *token, char punctuation)
{
	return token->kind == TOKEN_PUNCTUATION && token->punctuation == punctuation;
}

static bool token_is_value(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

/* A word, or what stands between a string's quotes, cut to size. */
static void token_text(const struct scanner *s, const struct token *token, char *ret_text, size_t size)
{
	size_t quotes = token->kind == TOKEN_STRING ? 1 : 0;
	size_t len = token->end - token->start - 2 * quotes;

	len = len < size - 1 ? len : size - 1;
	memcpy(ret_text, s->scan->text + token->start + quotes, len);
	ret_text[len] = '\0';
}

static void text_blank(struct scanner *s, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		if (s->scan->text[i] != '\n') {
			s->scan->text[i] = ' ';
		}
	}
}

/* Takes a broken statement out, to the end of the line on which the reading stands. */
static void statement_drop(struct scanner *s, size_t start)
{
	size_t end = s->pos + strcspn(s->scan->text + s->pos, "\n");

	text_blank(s, start, end);
	s->pos = end;
}

/* Skips a { ... } whose brace is next, whatever is in it. False at the end of the text. */
static bool braces_skip(struct scanner *s)
{
	size_t depth = 0;

	for (;;) { /* ends with the text */
		struct token token = token_next(s);

		if (token.kind == TOKEN_END) {
			return false;
		}
		depth += token_is(&token, '{');
		if (token_is(&token, '}') && --depth == 0) {
			return true;
		}
	}
}

static bool value_add(
	struct scanner *s, unsigned section, const struct config_key *key, unsigned key_line, unsigned line)
{
	struct config_scan *scan = s->scan;

	if (scan->value_count == CONFIG_SCAN_VALUES_MAX) {
		return false;
	}
	scan->value[scan->value_count++] = (struct config_scan_value){ key, section, key_line, line };
	return true;
}

static unsigned key_line_find(const struct config_scan *scan, unsigned section, const struct config_key *key)
{
	for (unsigned i = 0; i < scan->value_count; i++) {
		if (scan->value[i].section == section && scan->value[i].key == key) {
			return scan->value[i].key_line;
		}
	}
	return 0;
}

/* What to write instead of a word that is no key here. */
static void unknown_report(struct scanner *s, enum config_section kind, const char *word, unsigned line)
{
	const char *suggestion = config_key_suggest(kind, word);
	bool top = kind == CONFIG_SECTION_GLOBAL;
	const char *in = top ? "at" : "in";
	const char *place = top ? "the top level" : config_section_name(kind);

	for (int other = 0; other < CONFIG_SECTION_COUNT; other++) {
		enum config_section section = (enum config_section)other;

		if (section != kind && config_key_find(section, word) != NULL) {
			config_report_error(s->report, line, "%s is no key of %s: it belongs %s%s", word, place,
				section == CONFIG_SECTION_GLOBAL ? "outside of every section" : "into a section ",
				config_section_name(section));
			return;
		}
	}
	if (suggestion != NULL) {
		config_report_error(
			s->report, line, "unknown key %s %s %s: did you mean %s?", word, in, place, suggestion);
	} else {
		config_report_error(s->report, line, "unknown key %s %s %s: see vipd.conf(5) for the keys there are",
			word, in, place);
	}
}

/* The values of a statement, '=' already read. False: reported, to be dropped. */
static bool values_scan(struct scanner *s, unsigned section, const struct config_key *key, const struct token *name)
{
	struct token token = token_next(s);
	unsigned count = 0;

	if (token_is_value(&token)) {
		return value_add(s, section, key, name->line, token.line);
	}
	if (!token_is(&token, '{')) {
		config_report_error(s->report, name->line, "%s has no value: write %s = \"...\"", key->name, key->name);
		return false;
	}
	for (token = token_next(s); !token_is(&token, '}'); token = token_next(s)) {
		if (!token_is_value(&token)) {
			config_report_error(s->report, token.line,
				"the list of %s is not as it should be: write { \"one\", \"two\" }", key->name);
			return false;
		}
		if (!value_add(s, section, key, name->line, token.line)) {
			return false;
		}
		count++;
		token = token_peek(s);
		if (token_is(&token, ',')) {
			token_next(s);
		} else if (!token_is(&token, '}')) {
			config_report_error(
				s->report, token.line, "a comma or } is missing in the list of %s", key->name);
			return false;
		}
	}
	if (!config_key_is_list(key)) {
		config_report_error(s->report, name->line, "%s takes one value: write it without { }", key->name);
		return false;
	}
	if (count == 0) {
		config_report_error(s->report, name->line,
			"the list of %s is empty: leave the key out or name something", key->name);
		return false;
	}
	return true;
}

/* Skips "= value" or "= { ... }" of a key that is not known. */
static void values_skip(struct scanner *s)
{
	struct token token;

	token_next(s); /* = */
	token = token_peek(s);
	if (token_is(&token, '{')) {
		braces_skip(s);
	} else if (token_is_value(&token)) {
		token_next(s);
	}
}

static void assignment_scan(struct scanner *s, unsigned section, const struct token *name, const char *word)
{
	enum config_section kind = s->scan->section[section].kind;
	const struct config_key *key = config_key_find(kind, word);
	unsigned values_before = s->scan->value_count;
	unsigned first_line = key != NULL ? key_line_find(s->scan, section, key) : 0;

	if (key == NULL) {
		unknown_report(s, kind, word, name->line);
		values_skip(s);
		text_blank(s, name->start, s->pos);
		return;
	}
	token_next(s); /* = */
	if (!values_scan(s, section, key, name)) {
		s->scan->value_count = values_before;
		statement_drop(s, name->start);
		return;
	}
	if (first_line != 0) {
		config_report_error(s->report, name->line,
			"%s is given twice in this section (before that on line %u): keep one of them", word,
			first_line);
		s->scan->value_count = values_before;
		text_blank(s, name->start, s->pos);
	}
}

/* The kind of section a word opens in a section of that kind, or GLOBAL for none. */
static enum config_section section_kind(enum config_section parent, const char *word)
{
	for (int i = CONFIG_SECTION_INSTANCE; i < CONFIG_SECTION_COUNT; i++) {
		enum config_section kind = (enum config_section)i;

		if (config_section_parent(kind) == parent && strcmp(config_section_name(kind), word) == 0) {
			return kind;
		}
	}
	return CONFIG_SECTION_GLOBAL;
}

/* Reports what is wrong with a section's head; 0 or -EINVAL, to be left out with everything in it. */
static int section_head_check(struct scanner *s, unsigned parent, enum config_section kind, const struct token *name,
	const char *word, const char *title)
{
	enum config_section parent_kind = s->scan->section[parent].kind;

	if (kind == CONFIG_SECTION_GLOBAL) {
		unknown_report(s, parent_kind, word, name->line);
		return -EINVAL;
	}
	if (config_section_has_title(kind) && title == NULL) {
		config_report_error(
			s->report, name->line, "the section %s needs a name: write %s \"name\" { ... }", word, word);
		return -EINVAL;
	}
	if (!config_section_has_title(kind) && title != NULL) {
		config_report_error(s->report, name->line, "the section %s has no name: write %s { ... }", word, word);
		return -EINVAL;
	}
	for (unsigned i = 1; i < s->scan->section_count; i++) {
		const struct config_scan_section *other = &s->scan->section[i];

		if (other->parent != parent || other->kind != kind ||
			(title != NULL && strcmp(other->title, title) != 0)) {
			continue;
		}
		config_report_error(s->report, name->line,
			"the section %s%s%s is given twice (before that on line %u): %s", word,
			title != NULL ? " " : "", title != NULL ? title : "", other->line,
			title != NULL ? "give it another name, or make one of them" : "make one of them");
		return -EINVAL;
	}
	if (s->scan->section_count == CONFIG_SCAN_SECTIONS_MAX) {
		config_report_error(s->report, name->line, "more than %d sections", CONFIG_SCAN_SECTIONS_MAX);
		return -EINVAL;
	}
	return 0;
}

/* A section's head: its word has been read; its title, if any, and { come. Returns its number, 0 if it was left out. */
static unsigned section_enter(struct scanner *s, unsigned parent, const struct token *name, const char *word)
{
	enum config_section kind = section_kind(s->scan->section[parent].kind, word);
	struct token token = token_next(s);
	struct config_scan_section *section;
	char title[CONFIG_NAME_SIZE + 1] = "";
	bool has_title = token_is_value(&token);

	if (has_title) {
		token_text(s, &token, title, sizeof(title));
	} else {
		s->pos = token.start; /* the brace */
		s->line = token.line;
	}
	if (section_head_check(s, parent, kind, name, word, has_title ? title : NULL) < 0) {
		if (!braces_skip(s)) {
			config_report_error(s->report, name->line, "the { of this section is never closed: write }");
		}
		text_blank(s, name->start, s->pos);
		return 0;
	}
	if (has_title) {
		struct config_hint hint;
		char checked[CONFIG_NAME_SIZE];

		if (config_name_parse(title, checked, &hint) < 0) {
			config_report_error(s->report, name->line, "%s \"%s\": %s", word, title, hint.text);
		}
	}
	token_next(s); /* { */
	section = &s->scan->section[s->scan->section_count];
	section->kind = kind;
	section->parent = parent;
	section->line = name->line;
	memcpy(section->title, title, sizeof(section->title) - 1);
	return s->scan->section_count++;
}

/* One statement or brace inside section *section, which it may change by entering or leaving one. */
static void statement_scan(struct scanner *s, unsigned *section)
{
	struct token name = token_next(s);
	struct token after = token_peek(s);
	struct scanner ahead = *s;
	char word[64];

	if (token_is(&name, '}')) {
		if (*section == 0) {
			config_report_error(s->report, name.line, "a } without its {: take it out");
			text_blank(s, name.start, name.end);
			return;
		}
		*section = s->scan->section[*section].parent;
		return;
	}
	if (name.kind != TOKEN_WORD) {
		config_report_error(s->report, name.line, "here a key is expected: write key = \"value\"");
		statement_drop(s, name.start);
		return;
	}
	token_text(s, &name, word, sizeof(word));
	if (token_is(&after, '=')) {
		assignment_scan(s, *section, &name, word);
		return;
	}
	if (token_is_value(&after)) {
		token_next(&ahead);
		after = token_peek(&ahead);
	}
	if (token_is(&after, '{')) {
		unsigned entered = section_enter(s, *section, &name, word);

		*section = entered != 0 ? entered : *section;
		return;
	}
	config_report_error(
		s->report, name.line, "%s is followed by neither = nor {: write %s = \"value\"", word, word);
	statement_drop(s, name.start);
}

int config_scan_new(const char *text, size_t len, struct config_report *report, struct config_scan **ret_scan)
{
	struct config_scan *scan;
	struct scanner scanner = { .report = report, .line = 1 };
	unsigned section = 0;
	int code;

	if (len > CONFIG_FILE_BYTES_MAX || memchr(text, '\0', len) != NULL) {
		config_report_error(report, 0, "this is no configuration: %s",
			len > CONFIG_FILE_BYTES_MAX ? "it is larger than 256kB" : "it holds 0 bytes");
		return -EINVAL;
	}
	scan = calloc(1, sizeof(*scan));
	if (scan == NULL) {
		return -ENOMEM;
	}
	code = config_text_clean(text, len, report, &scan->text, &scan->text_len);
	if (code < 0) {
		free(scan);
		return code;
	}
	scan->section[0].line = 1;
	scan->section_count = 1;
	scanner.scan = scan;
	for (struct token next = token_peek(&scanner); next.kind != TOKEN_END; next = token_peek(&scanner)) {
		statement_scan(&scanner, &section);
	}
	if (section != 0) {
		config_report_error(
			report, scan->section[section].line, "the { of this section is never closed: write }");
	}
	if (scan->value_count == CONFIG_SCAN_VALUES_MAX) {
		config_report_error(report, 0, "more than %d values", CONFIG_SCAN_VALUES_MAX);
	}
	*ret_scan = scan;
	return 0;
}

void config_scan_free(struct config_scan *scan)
{
	if (scan != NULL) {
		free(scan->text);
		free(scan);
	}
}

unsigned config_scan_section_find(
	const struct config_scan *scan, unsigned parent, enum config_section kind, unsigned nth)
{
	for (unsigned i = 1; i < scan->section_count; i++) {
		if (scan->section[i].parent == parent && scan->section[i].kind == kind && nth-- == 0) {
			return i;
		}
	}
	return 0;
}

unsigned config_scan_line(const struct config_scan *scan, unsigned section, const char *key, unsigned element)
{
	for (unsigned i = 0; i < scan->value_count; i++) {
		if (scan->value[i].section == section && strcmp(scan->value[i].key->name, key) == 0 && element-- == 0) {
			return scan->value[i].line;
		}
	}
	return scan->section[section].line;
}

unsigned config_scan_count(const struct config_scan *scan, unsigned section, const struct config_key *key)
{
	unsigned count = 0;

	for (unsigned i = 0; i < scan->value_count; i++) {
		count += scan->value[i].section == section && scan->value[i].key == key;
	}
	return count;
}

#include "vipd/config_clean.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cleaner {
	const char *in;
	size_t len;
	size_t pos;
	unsigned line;
	char *out;
	size_t out_len;
	struct config_report *report;
};

static char char_at(const struct cleaner *c, size_t ahead)
{
	return c->pos + ahead < c->len ? c->in[c->pos + ahead] : '\0';
}

static void char_put(struct cleaner *c, char ch)
{
	c->out[c->out_len++] = ch;
}

/* Blanks one character and goes on; a newline stays. */
static void char_blank(struct cleaner *c)
{
	if (c->in[c->pos] == '\n') {
		c->line++;
		char_put(c, '\n');
	} else {
		char_put(c, ' ');
	}
	c->pos++;
}

static void line_comment_clean(struct cleaner *c)
{
	while (c->pos < c->len && c->in[c->pos] != '\n') {
		char_blank(c);
	}
}

static int block_comment_clean(struct cleaner *c)
{
	unsigned opened = c->line;

	char_blank(c);
	char_blank(c);
	while (c->pos < c->len) {
		if (char_at(c, 0) == '*' && char_at(c, 1) == '/') {
			char_blank(c);
			char_blank(c);
			return 0;
		}
		char_blank(c);
	}
	config_report_error(c->report, opened, "the comment that begins here is not closed: write */");
	return -EINVAL;
}

/* A string: must end on its line; \" and \\ are the only escapes (\' in '...'). */
static int string_clean(struct cleaner *c, char quote)
{
	size_t start = c->out_len;

	char_put(c, quote);
	c->pos++;
	while (c->pos < c->len && c->in[c->pos] != '\n') {
		char ch = c->in[c->pos];

		if (ch == '\\') {
			char next = char_at(c, 1);

			if (next != '\\' && next != quote) {
				config_report_error(c->report, c->line,
					"a backslash stands alone in a string: write \\\\ for a backslash, \\%c for a "
					"quote",
					quote);
				char_put(c, '\\'); /* as if it had been written right, so that the rest can be read */
				char_put(c, '\\');
				c->pos++;
				continue;
			}
			char_put(c, ch);
			char_put(c, next);
			c->pos += 2;
			continue;
		}
		if ((unsigned char)ch < 0x20 && ch != '\t' && ch != '\r') {
			config_report_error(
				c->report, c->line, "control character 0x%02x in a string: take it out", (unsigned)ch);
			ch = '?';
		}
		if (ch == '$' && quote == '"' && char_at(c, 1) == '{') {
			char_put(c, '\\');
		}
		char_put(c, ch == '\r' ? ' ' : ch);
		c->pos++;
		if (ch == quote) {
			return 0;
		}
	}
	c->out_len = start;
	config_report_error(c->report, c->line, "the string is not closed on its line: write a %c at its end", quote);
	return -EINVAL;
}

static int char_clean(struct cleaner *c)
{
	static const char allowed[] = " \t={},_./:%@-"
				      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	char ch = c->in[c->pos];

	if (ch == '#' || (ch == '/' && char_at(c, 1) == '/')) {
		line_comment_clean(c);
		return 0;
	}
	if (ch == '/' && char_at(c, 1) == '*') {
		return block_comment_clean(c);
	}
	if (ch == '"' || ch == '\'') {
		return string_clean(c, ch);
	}
	if (ch == '\n' || ch == '\r') {
		char_blank(c);
		return 0;
	}
	if (strchr(allowed, ch) == NULL) { /* never the terminator: 0 bytes were refused before */
		if ((unsigned char)ch > 0x20 && (unsigned char)ch < 0x7f) {
			config_report_error(c->report, c->line,
				"unexpected character %c: put the value in double quotes%s", ch,
				ch == '+' ? "; a list is written once, with =" : "");
		} else {
			config_report_error(c->report, c->line,
				"unexpected byte 0x%02x outside of quotes: put the value in double quotes",
				(unsigned char)ch);
		}
		char_blank(c);
		return 0;
	}
	char_put(c, ch);
	c->pos++;
	return 0;
}

int config_text_clean(const char *text, size_t len, struct config_report *report, char **ret_text, size_t *ret_text_len)
{
	struct cleaner cleaner = { .in = text, .len = len, .line = 1, .report = report };
	int code = 0;

	cleaner.out = malloc(2 * len + 2); /* an escape at most doubles a character */
	if (cleaner.out == NULL) {
		return -ENOMEM;
	}
	while (code == 0 && cleaner.pos < len) {
		code = char_clean(&cleaner);
	}
	if (code < 0) {
		free(cleaner.out);
		return code;
	}
	cleaner.out[cleaner.out_len] = '\0';
	*ret_text = cleaner.out;
	*ret_text_len = cleaner.out_len;
	return 0;
}

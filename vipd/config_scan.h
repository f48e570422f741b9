/*
 * The text of the configuration before libconfuse reads it: which keys stand on which lines.
 *
 * libconfuse stops at the first fault, takes the last of two equal keys, expands ${environment variables}, counts
 * lines wrongly after C comments, refuses comments inside lists and does not tell a key's line. So the text is scanned
 * first: comments are blanked, ${ is escaped, and every statement is listed with its line. What is wrong as a statement
 * (unknown keys and sections, doubles, a bare word where a list stands, open quotes and braces) is reported here and
 * blanked, so that libconfuse reads the rest and the values in it are checked in the same run. The grammar and the
 * values are libconfuse's: the scan only lists, and config.c reports it if the two ever disagree.
 *
 * Escapes in strings are \" and \\ only; words without quotes are made of letters, digits and _ . / : % @ -.
 */
#ifndef VIPD_CONFIG_SCAN_H
#define VIPD_CONFIG_SCAN_H

#include "vipd/config_keys.h"

#define CONFIG_FILE_BYTES_MAX (256 * 1024)
#define CONFIG_SCAN_SECTIONS_MAX 1024
#define CONFIG_SCAN_VALUES_MAX 8192

/* A section as it stands in the file; number 0 is the top level. */
struct config_scan_section {
	enum config_section kind;
	unsigned parent; /* its number */
	unsigned line;
	char title[CONFIG_NAME_SIZE]; /* cut if longer */
};

/* One value; a list has several with the same key. */
struct config_scan_value {
	const struct config_key *key;
	unsigned section;
	unsigned key_line;
	unsigned line;
};

struct config_scan {
	char *text; /* for libconfuse, 0-terminated */
	size_t text_len;
	unsigned section_count;
	struct config_scan_section section[CONFIG_SCAN_SECTIONS_MAX];
	unsigned value_count;
	struct config_scan_value value[CONFIG_SCAN_VALUES_MAX];
};

/*
 * Scans; faults go to report (also when it returns 0). 0 and *ret_scan (config_scan_free), -ENOMEM, or -EINVAL if the
 * text is none (too long, 0 bytes, an open quote or comment) so that nothing after it means anything.
 */
int config_scan_new(const char *text, size_t len, struct config_report *report, struct config_scan **ret_scan);

void config_scan_free(struct config_scan *scan);

/* Number of the nth (from 0) section of that kind and parent, or 0 if there is none. */
unsigned config_scan_section_find(
	const struct config_scan *scan, unsigned parent, enum config_section kind, unsigned nth);

/* Line of the key in that section (for a list: of element `element`); of the section if the key is not there. */
unsigned config_scan_line(const struct config_scan *scan, unsigned section, const char *key, unsigned element);

/* Number of values of that key in that section. */
unsigned config_scan_count(const struct config_scan *scan, unsigned section, const struct config_key *key);

#endif

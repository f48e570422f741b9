/*
 * What is wrong with a configuration: all faults of one reading, in the order of the file, each a finished line
 * "FILE:LINE: what is wrong: what to write instead". Bounded; what does not fit is counted.
 *
 * The caller owns the struct and starts with config_report_init(). Texts quote the file: they are data, with control
 * characters already escaped, never a format string.
 */
#ifndef VIPD_CONFIG_REPORT_H
#define VIPD_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_MESSAGES_MAX 64
#define CONFIG_MESSAGE_SIZE 640

struct config_message {
	bool warning;
	unsigned line; /* 0 = the file as a whole, or the command line */
	char text[CONFIG_MESSAGE_SIZE];
};

struct config_report {
	const char *path; /* as given to config_report_init, must outlive the report's filling */
	size_t count;
	size_t errors;  /* all of them, also those that did not fit */
	size_t dropped; /* messages that did not fit */
	struct config_message message[CONFIG_MESSAGES_MAX];
};

/* path names the file in the messages; it is not opened. */
void config_report_init(struct config_report *report, const char *path);

/* One fault. line 0 = without a line. */
void config_report_error(struct config_report *report, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One warning: the configuration can be used. */
void config_report_warning(struct config_report *report, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* By line, stable, those without a line last. */
void config_report_sort(struct config_report *report);

#endif

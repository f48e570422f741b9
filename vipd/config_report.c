#include "vipd/config_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vipd/text_escape.h"

void config_report_init(struct config_report *report, const char *path)
{
	memset(report, 0, sizeof(*report));
	report->path = path;
}

static void __attribute__((format(printf, 4, 0)))
report_add(struct config_report *report, bool warning, unsigned line, const char *format, va_list args)
{
	struct config_message *message;
	char raw[CONFIG_MESSAGE_SIZE];
	char text[CONFIG_MESSAGE_SIZE];

	if (!warning) {
		report->errors++;
	}
	if (report->count == CONFIG_MESSAGES_MAX) {
		report->dropped++;
		return;
	}
	vsnprintf(raw, sizeof(raw), format, args);
	if (line != 0) {
		snprintf(
			text, sizeof(text), "%.200s:%u: %s%.400s", report->path, line, warning ? "warning: " : "", raw);
	} else {
		snprintf(text, sizeof(text), "%.200s: %s%.400s", report->path, warning ? "warning: " : "", raw);
	}
	message = &report->message[report->count++];
	message->warning = warning;
	message->line = line;
	text_escape(text, message->text, sizeof(message->text));
}

void config_report_error(struct config_report *report, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_add(report, false, line, format, args);
	va_end(args);
}

void config_report_warning(struct config_report *report, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_add(report, true, line, format, args);
	va_end(args);
}

static bool line_after(unsigned a, unsigned b)
{
	return a == 0 ? b != 0 : b != 0 && a > b;
}

void config_report_sort(struct config_report *report)
{
	/* Insertion: stable, at most CONFIG_MESSAGES_MAX. */
	for (size_t i = 1; i < report->count; i++) {
		struct config_message message = report->message[i];
		size_t j = i;

		for (; j > 0 && line_after(report->message[j - 1].line, message.line); j--) {
			report->message[j] = report->message[j - 1];
		}
		report->message[j] = message;
	}
}

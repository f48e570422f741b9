/*
 * Text from outside made fit for a line: one line, no control characters, valid UTF-8.
 *
 * Control characters (C0, DEL, C1) and bytes that are no UTF-8 become \xNN, so that nothing the network, PostgreSQL or
 * a script says can move a terminal's cursor or begin a log line of its own. Pure; used by log and config_report.
 */
#ifndef VIPD_TEXT_ESCAPE_H
#define VIPD_TEXT_ESCAPE_H

#include <stddef.h>

/*
 * Writes at most size - 1 bytes and a 0 to ret_text (size > 0); what does not fit is cut between characters. Returns
 * the length written. from and ret_text must not overlap.
 */
size_t text_escape(const char *from, char *ret_text, size_t size);

#endif

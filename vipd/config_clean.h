/*
 * First pass over the configuration's text: what is no configuration goes, everything keeps its line.
 *
 * Comments (#, //, C comments) become blanks, carriage returns too, and ${ in "..." becomes \${, so that libconfuse
 * does not expand the environment. Reports bytes that have no place in the file. Used by config_scan alone.
 */
#ifndef VIPD_CONFIG_CLEAN_H
#define VIPD_CONFIG_CLEAN_H

#include "vipd/config_report.h"

/*
 * Returns 0 and *ret_text (free), 0-terminated; -EINVAL (an open quote or comment: reported) or -ENOMEM.
 * len <= CONFIG_FILE_BYTES_MAX.
 */
int config_text_clean(
	const char *text, size_t len, struct config_report *report, char **ret_text, size_t *ret_text_len);

#endif

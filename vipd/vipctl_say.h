/*
 * vipctl's exit codes, and how it says that something went wrong: on stderr, what the daemon sent escaped.
 *
 * Used by vipctl.c and vipctl_order.c only.
 */
#ifndef VIPD_VIPCTL_SAY_H
#define VIPD_VIPCTL_SAY_H

#include <jansson.h>

#define VIPCTL_EXIT_DONE 0
#define VIPCTL_EXIT_REFUSED 1 /* or failed, or the daemon cannot be reached; check: no or unknown */
#define VIPCTL_EXIT_USAGE 2
#define VIPCTL_SENTENCE_SIZE 1024

/* NULL for `what`: the daemon gave no reason; for `hint`: there is none. Returns VIPCTL_EXIT_REFUSED. */
int vipctl_say_failure(const char *what, const char *hint);

/* An answer of the daemon that is not ok. VIPCTL_EXIT_REFUSED; VIPCTL_EXIT_USAGE if the daemon says so ("usage"). */
int vipctl_say_refusal(const json_t *answer);

#endif

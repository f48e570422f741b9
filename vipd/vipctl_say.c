#include "vipd/vipctl_say.h"

#include <stdio.h>

#include "vipd/text_escape.h"

int vipctl_say_failure(const char *what, const char *hint)
{
	char escaped[VIPCTL_SENTENCE_SIZE];

	text_escape(what != NULL ? what : "the daemon refused without a reason", escaped, sizeof(escaped));
	fprintf(stderr, "vipctl: %s\n", escaped);
	if (hint != NULL) {
		text_escape(hint, escaped, sizeof(escaped));
		fprintf(stderr, "vipctl: hint: %s\n", escaped);
	}
	return VIPCTL_EXIT_REFUSED;
}

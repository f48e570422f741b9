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

int vipctl_say_refusal(const json_t *answer)
{
	int code = vipctl_say_failure(json_string_value(json_object_get(answer, "error")),
		json_string_value(json_object_get(answer, "hint")));

	return json_is_true(json_object_get(answer, "usage")) ? VIPCTL_EXIT_USAGE : code;
}

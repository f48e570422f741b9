#include "vipd/status_track.h"

#include "vipd/text_escape.h"

static json_t *last_new(const char *last)
{
	char escaped[STATUS_NOTE_SIZE];

	if (last == NULL || last[0] == '\0') {
		return json_null();
	}
	text_escape(last, escaped, sizeof(escaped));
	return json_string(escaped);
}

static json_t *one_new(const struct status_tracked *tracked)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:I}", "kind", tracked->kind, "name", tracked->name,
		"state", tracked->state, "weight", tracked->weight, "last", last_new(tracked->last), "exit_status",
		tracked->exit_status < 0 ? json_null() : json_integer(tracked->exit_status), "last_ms",
		tracked->last_ms < 0 ? json_null() : json_integer(tracked->last_ms), "runs", (json_int_t)tracked->runs);
}

json_t *status_track_new(const struct status_view *view)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < view->input->tracked_count; i++) {
		if (json_array_append_new(array, one_new(&view->input->tracked[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

#include "vipd/vipctl_order.h"

#include <stdio.h>

#include "vipd/text_escape.h"
#include "vipd/vipctl_client.h"
#include "vipd/vipctl_say.h"

static int last_print(const json_t *answer, bool json)
{
	const json_t *result = json_object_get(answer, "result");
	const char *message = json_string_value(json_object_get(result, "message"));
	char escaped[VIPCTL_SENTENCE_SIZE];

	if (!json_is_true(json_object_get(answer, "ok"))) {
		return vipctl_say_refusal(answer);
	}
	if (json && result != NULL) {
		json_dumpf(result, stdout, JSON_ENSURE_ASCII);
		printf("\n");
	} else {
		text_escape(message != NULL ? message : "done", escaped, sizeof(escaped));
		printf("%s\n", escaped);
	}
	return VIPCTL_EXIT_DONE;
}

int vipctl_order_run(const char *control, json_t *request, bool json)
{
	struct vipctl_client client;
	struct vip_err err;
	json_t *answer = NULL;
	int code;

	if (request == NULL) {
		return vipctl_say_failure("out of memory", NULL);
	}
	if (vipctl_client_open(control, &client, &err) < 0) {
		json_decref(request);
		return vipctl_say_failure(err.text, NULL);
	}
	code = vipctl_client_ask(&client, request, VIPCTL_ANSWER_MS, &answer, &err);
	json_decref(request);
	/* Each line is an answer of its own; only the last is without "progress", and the daemon bounds their number.
	 */
	while (code == 0 && json_object_get(answer, "progress") != NULL) {
		char escaped[VIPCTL_SENTENCE_SIZE];
		const char *progress = json_string_value(json_object_get(answer, "progress"));

		text_escape(progress != NULL ? progress : "", escaped, sizeof(escaped));
		fprintf(stderr, "%s\n", escaped);
		json_decref(answer);
		answer = NULL;
		code = vipctl_client_next(&client, VIPCTL_ORDER_MS, &answer, &err);
	}
	vipctl_client_close(&client);
	if (code < 0) {
		return vipctl_say_failure(err.text, "whether it goes on, vipctl status and the log say");
	}
	code = last_print(answer, json);
	json_decref(answer);
	return code;
}

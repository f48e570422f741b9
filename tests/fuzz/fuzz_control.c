/*
 * Any bytes as what a client of the control socket sends, in pieces of any size. Every request that comes out is an
 * object that can be written and read again; every line is used up once; and every answer can be printed by vipctl's
 * table, whoever gave it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/input.h"
#include "vipd/control_request.h"
#include "vipd/vipctl_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SENT_MAX 16384

static FILE *nowhere;

static void check_request(json_t *request)
{
	char *once = json_dumps(request, JSON_COMPACT);
	json_t *again = json_loads(once, JSON_REJECT_DUPLICATES, NULL);

	assert(once != NULL && json_is_object(again) && json_equal(request, again));
	json_decref(again);
	free(once);
	(void)json_string_value(json_object_get(request, "verb"));
	vipctl_table_print(nowhere, request);
	(void)vipctl_is_primary(request, request);
	(void)vipctl_is_replica(request, request);
}

/* Takes what is there, as control.c does; *ret_at: how much of what was sent has been taken. */
static void take_all(struct control_requests *requests, const uint8_t *sent, size_t *ret_at)
{
	while (control_requests_wait(requests)) {
		const uint8_t *newline = memchr(sent + *ret_at, '\n', SENT_MAX - *ret_at);
		size_t len = (size_t)(newline - (sent + *ret_at));
		json_t *expected = json_loadb((const char *)sent + *ret_at, len, JSON_REJECT_DUPLICATES, NULL);
		json_t *request = control_requests_take(requests);

		assert((request != NULL) == json_is_object(expected));
		if (request != NULL) {
			assert(json_equal(request, expected));
			check_request(request);
		}
		json_decref(request);
		json_decref(expected);
		*ret_at += len + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct control_requests requests;
	static uint8_t sent[SENT_MAX];
	struct input input = { data, size };
	size_t used = 0;
	size_t taken = 0;

	if (nowhere == NULL) {
		nowhere = fopen("/dev/null", "we");
		assert(nowhere != NULL);
	}
	requests.len = 0;
	while (input.size > 0 && !control_requests_are_too_long(&requests)) {
		size_t room = sizeof(requests.bytes) - requests.len;
		size_t piece = input_byte(&input) * 16U + 1;
		size_t got = input_bytes(&input, requests.bytes + requests.len, piece < room ? piece : room);

		if (used + got > SENT_MAX) {
			return 0;
		}
		memcpy(sent + used, requests.bytes + requests.len, got);
		used += got;
		requests.len += got;
		take_all(&requests, sent, &taken);
		assert(requests.len == used - taken);
	}
	return 0;
}

#include "vipd/control_request.h"

#include <assert.h>
#include <string.h>

bool control_requests_wait(const struct control_requests *requests)
{
	return memchr(requests->bytes, '\n', requests->len) != NULL;
}

bool control_requests_are_too_long(const struct control_requests *requests)
{
	return requests->len == sizeof(requests->bytes) && !control_requests_wait(requests);
}

json_t *control_requests_take(struct control_requests *requests)
{
	const char *newline = memchr(requests->bytes, '\n', requests->len);
	json_t *request;
	size_t len;

	assert(newline != NULL);
	len = (size_t)(newline - requests->bytes);
	request = json_loadb(requests->bytes, len, JSON_REJECT_DUPLICATES, NULL);
	requests->len -= len + 1;
	memmove(requests->bytes, requests->bytes + len + 1, requests->len);
	if (!json_is_object(request)) {
		json_decref(request);
		return NULL;
	}
	return request;
}

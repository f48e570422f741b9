/*
 * What a client of the control socket has sent: bytes that are cut into lines, each a request of one JSON object. Pure;
 * control.c does the reading.
 */
#ifndef VIPD_CONTROL_REQUEST_H
#define VIPD_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_REQUEST_MAX 4096 /* bytes of a request's line */

/* The caller's; all 0 = nothing was sent. Reading puts bytes behind `len` and adds to it. */
struct control_requests {
	size_t len;
	char bytes[CONTROL_REQUEST_MAX];
};

/* True if a request's line is there in full. */
bool control_requests_wait(const struct control_requests *requests);

/* True if no more bytes fit and none of them ends a line: nothing can come of it. */
bool control_requests_are_too_long(const struct control_requests *requests);

/*
 * Takes the first line off and gives its object (the caller's reference), or NULL: it is no JSON object, or one that
 * has a key twice. There must be a line.
 */
json_t *control_requests_take(struct control_requests *requests);

#endif

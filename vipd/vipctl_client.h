/*
 * vipctl's end of the control socket: one request, one answer, with a deadline.
 *
 * Waits (poll), because vipctl has nothing else to do; the daemon never does. What the daemon sends is checked for size
 * and shape before anything is shown.
 */
#ifndef VIPD_VIPCTL_CLIENT_H
#define VIPD_VIPCTL_CLIENT_H

#include <jansson.h>

#include "vrrp/err.h"

#define VIPCTL_ANSWER_MAX (2 * 1024 * 1024) /* bytes of one answer */
#define VIPCTL_ANSWER_MS 5000               /* for the daemon to answer a question about itself */

struct vipctl_client {
	int fd;
	char *buffer; /* what was read beyond the last answer */
	size_t len;
};

/* Connects. 0, or a negative errno with a sentence that says what to do. Owned by the caller (vipctl_client_close). */
int vipctl_client_open(const char *path, struct vipctl_client *ret_client, struct vip_err *err);

/*
 * Sends request and waits at most timeout_ms for the answer's line. 0 and *ret_answer, an object (json_decref);
 * -ETIMEDOUT, -ECONNRESET, -EPROTO (no JSON object, too long), with a sentence. After an error only close it.
 */
int vipctl_client_ask(
	struct vipctl_client *client, const json_t *request, int timeout_ms, json_t **ret_answer, struct vip_err *err);

/* The next line of an answer that comes in several. */
int vipctl_client_next(struct vipctl_client *client, int timeout_ms, json_t **ret_answer, struct vip_err *err);

void vipctl_client_close(struct vipctl_client *client);

#endif

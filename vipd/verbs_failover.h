/*
 * The control socket's verb failover (product.md, vipctl): an operator chooses who is elected while there is no holder.
 *
 * Answered like a switchover: lines of progress, then the result or an error. Asked of the chosen member's own daemon;
 * another one says which host, and what to type there. verbs_failover_follow() is called after every step of the
 * instance and tells whoever waits, and the log, how it ended.
 */
#ifndef VIPD_VERBS_FAILOVER_H
#define VIPD_VERBS_FAILOVER_H

#include <jansson.h>

#include "vipd/control.h"
#include "vipd/instance.h"

/* The answer, a new reference; NULL: it comes later. `only` names one of the instances, NULL: the only one there is. */
json_t *verbs_failover_request(
	struct instance *const *instances, size_t count, const char *only, uint64_t client, const json_t *request);

/* After each step. `control` may be NULL while it is not open. */
void verbs_failover_follow(struct instance *instance, struct control_server *control);

#endif

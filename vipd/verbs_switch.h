/*
 * The control socket's verbs switchover and accept-members. Each asks the core first whether it
 * would (a pure question), answers with the reason if not, and else posts the event.
 *
 * A switchover is answered in several lines: {"ok": true, "progress": sentence} while it goes on, then
 * {"ok": true, "result": {...}} or an error when it is over. verbs_switch_follow() is called after every step of the
 * instance and tells whoever waits, and the log, what has changed. One client waits at a time; one that leaves changes
 * nothing.
 */
#ifndef VIPD_VERBS_SWITCH_H
#define VIPD_VERBS_SWITCH_H

#include <jansson.h>

#include "vipd/control.h"
#include "vipd/instance.h"

/* True if this is one of the verbs here. */
bool verbs_switch_knows(const char *verb);

/*
 * The answer, a new reference; NULL: it comes later (control_server_send), the last through verbs_switch_follow().
 * `only` names one of the instances, NULL: the only one there is.
 */
json_t *verbs_switch_request(struct instance *const *instances, size_t count, const char *verb, const char *only,
	uint64_t client, const json_t *request);

/* After each step. `control` may be NULL while it is not open. */
void verbs_switch_follow(struct instance *instance, struct control_server *control);

#endif

/*
 * What vipctl asks a daemon to do, besides telling its status: restart, pause, resume. Each is an event for the core
 * of every instance (or of the one that is named), and an answer that says what it came to.
 */
#ifndef VIPD_VERBS_H
#define VIPD_VERBS_H

#include <jansson.h>

#include "vipd/instance.h"

/*
 * The answer to a request (control.h), a new reference; NULL: the verb is none of these. `only`: the name of one of the
 * instances, or NULL for all.
 */
json_t *verbs_request(struct instance *const *instance, size_t count, const char *verb, const char *only);

#endif

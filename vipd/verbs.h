/*
 * What vipctl asks a daemon to do, besides telling its status: restart, pause, resume. Each is an event for the core
 * of every instance (or of the one that is named), and an answer that says what it came to.
 *
 * A pause is answered when it is durable here: whoever is told so may stop PostgreSQL and restart the daemon. If the
 * disk refuses for longer than VERBS_PAUSE_US, the answer is an error, and the pause holds until the daemon ends.
 */
#ifndef VIPD_VERBS_H
#define VIPD_VERBS_H

#include <jansson.h>

#include "vipd/control.h"
#include "vipd/instance.h"

#define VERBS_PAUSE_US (4 * VRRP_US_PER_S) /* below VIPCTL_ANSWER_MS */

/* Who waits for a pause; the daemon keeps it, all zero at first. */
struct verbs_waits {
	struct verbs_wait {
		uint64_t client; /* 0 = free */
		uint32_t set;    /* instances, by bit */
		struct vrrp_time until;
	} wait[CONTROL_CLIENTS_MAX];
};

bool verbs_knows(const char *verb);

/*
 * The answer to a request (control.h), a new reference; NULL: it comes later, through verbs_follow(). `only`: the name
 * of one of the instances, or NULL for all.
 */
json_t *verbs_request(struct instance *const *instance, size_t count, struct verbs_waits *waits, const char *verb,
	const char *only, uint64_t client);

/* After each step of an instance; it steps at least once an advert_int. `control` may be NULL while it is not open. */
void verbs_follow(
	struct instance *const *instance, size_t count, struct verbs_waits *waits, struct control_server *control);

#endif

/*
 * Which instance a request of vipctl is about (vipctl(8)): asked once, before any verb is carried out, so that all
 * verbs answer alike. What is wrong here is a usage error: the answer has "usage": true, and vipctl exits with 2.
 */
#ifndef VIPD_VERBS_WHICH_H
#define VIPD_VERBS_WHICH_H

#include <jansson.h>

#include "vipd/config.h"

/*
 * NULL: the verb may go on. An error otherwise, a new reference, which names the instances there are: `only` is none of
 * them; or it is NULL, there are several, and the verb is of one.
 */
json_t *verbs_which_check(const struct vip_config *config, const char *verb, const char *only);

#endif

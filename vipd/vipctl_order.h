/*
 * vipctl's verbs that change something: sends the request, shows each line of progress on stderr as it comes, and the
 * result on stdout. Used by vipctl.c only.
 */
#ifndef VIPD_VIPCTL_ORDER_H
#define VIPD_VIPCTL_ORDER_H

#include <jansson.h>
#include <stdbool.h>

/* How long a switchover's next line may take: switchover_timeout may be an hour, the daemon itself watches over it. */
#define VIPCTL_ORDER_MS (2 * 3600 * 1000)

/*
 * `request` is a new reference, which is taken (NULL: out of memory). Returns vipctl's exit code: 0 done, 1 refused,
 * failed or not reachable; what happened is said already.
 */
int vipctl_order_run(const char *control, json_t *request, bool json);

#endif

/*
 * What the service manager is told (sd_notify(3)): READY=1, STOPPING=1 and the watchdog's WATCHDOG=1.
 *
 * The protocol is one datagram; libsystemd's sd_notify() waits as long as the manager's queue is full (a manager that
 * is stopped, or re-executes on a slow disk), and nothing in the loop may wait. So the datagram is sent here without
 * waiting, and what did not fit is tried again by a timer: a word that was said once is not lost.
 *
 * The watchdog's timer is a source of the loop like any other and stands behind all that the lease depends on: a loop
 * that no longer gets to the end of its sources is no longer sending, and the manager ends it (WatchdogSec=). A kill is
 * safe at any moment: the lease ends in the kernel (protocol.md section 5).
 */
#ifndef VIPD_SERVICE_H
#define VIPD_SERVICE_H

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>

#include "vrrp/base.h"
#include "vrrp/err.h"

#define SERVICE_WORDS_MAX 64
#define SERVICE_RETRY_US 100000 /* between two tries of a word that did not fit */
#define SERVICE_WATCHDOG_PART 3 /* so many signs of life a WatchdogSec */

/* Zero-initialised; without NOTIFY_SOCKET everything here does nothing. */
struct service {
	int fd; /* 0 = none: never a standard descriptor */
	struct sockaddr_un address;
	socklen_t address_size;
	sd_event_source *timer;
	uint64_t watchdog_us; /* between two signs of life; 0 = no watchdog */
	uint64_t alive_at_us; /* the next one is due */
	char pending[SERVICE_WORDS_MAX];
	uint64_t refused; /* datagrams that did not fit */
};

/*
 * Reads NOTIFY_SOCKET and WATCHDOG_USEC, and adds the timer with this priority to the loop. 0, or a negative errno and
 * a sentence; then nobody is told anything, which is no reason not to run.
 */
int service_open(struct service *service, sd_event *loop, int64_t priority, struct vip_err *err);

/* Says words ("READY=1"), now or, if the manager's queue is full, when there is room. Later words replace such. */
void service_say(struct service *service, const char *words);

void service_close(struct service *service);

#endif

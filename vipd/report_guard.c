#include "vipd/report_guard.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#define UDP_HEADER_BYTES 8U                     /* the filter sees it before the report */
#define INCARNATION_AT (UDP_HEADER_BYTES + 16U) /* vrrp/report.c: version 1's layout */
#define SHORTEST (INCARNATION_AT + 8U)
#define KNOWN_CODES 4 /* of the filter, for one incarnation */
#define CODES_MAX (3 + KNOWN_CODES * CONFIG_INSTANCES_MAX + 4)
#define WHOLE 0xffffU
#define NOTHING 0U

_Static_assert(KNOWN_CODES *CONFIG_INSTANCES_MAX < 250, "jumps reach over all of them");

uint64_t report_guard_dropped(struct report_guard *guard, int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0 && size > SK_MEMINFO_DROPS * sizeof(info[0])) {
		guard->dropped_all += info[SK_MEMINFO_DROPS] - guard->dropped;
		guard->dropped = info[SK_MEMINFO_DROPS];
	}
	return guard->dropped_all;
}

/*
 *   shorter than an incarnation's end?             -> sample
 *   for each known: incarnation equal?             -> pass
 *   sample: random number below 2^32 / share?      -> pass, else drop
 */
static void attach(struct report_guard *guard, int fd)
{
	struct sock_filter code[CODES_MAX];
	struct sock_fprog program = { 0, code };
	unsigned known = guard->known_count;
	unsigned short n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
	code[n++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JGE | BPF_K, SHORTEST, 0, (unsigned char)(KNOWN_CODES * known));
	for (unsigned i = 0; i < known; i++) {
		unsigned char to_pass = (unsigned char)(KNOWN_CODES * (known - 1 - i) + 2);

		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INCARNATION_AT);
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(guard->known[i].incarnation >> 32), 0, 2);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INCARNATION_AT + 4);
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)guard->known[i].incarnation, to_pass, 0);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_RANDOM);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, UINT32_MAX / guard->share, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, WHOLE);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, NOTHING);
	program.len = n;
	guard->on = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static void detach(struct report_guard *guard, int fd)
{
	int unused = 0;

	guard->on = setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) < 0;
}

void report_guard_believe(struct report_guard *guard, int fd, uint8_t vrid, uint64_t incarnation)
{
	unsigned i = 0;

	while (i < guard->known_count && guard->known[i].vrid != vrid) {
		i++;
	}
	if (i == CONFIG_INSTANCES_MAX || (i < guard->known_count && guard->known[i].incarnation == incarnation)) {
		return;
	}
	guard->known[i].vrid = vrid;
	guard->known[i].incarnation = incarnation;
	guard->known_count = i == guard->known_count ? i + 1 : guard->known_count;
	if (guard->on) {
		attach(guard, fd);
	}
}

void report_guard_count(struct report_guard *guard)
{
	guard->read++;
}

/* share: such that about REPORT_GUARD_SAMPLE of what came in a window would have passed. */
static uint32_t share_of(uint64_t came)
{
	uint64_t share = came / REPORT_GUARD_SAMPLE;

	return share < 2 ? 2 : share > REPORT_GUARD_SHARE_MIN ? REPORT_GUARD_SHARE_MIN : (uint32_t)share;
}

void report_guard_look(struct report_guard *guard, int fd, struct vrrp_time now)
{
	uint64_t dropped;
	uint64_t came;
	uint32_t share;

	if (vrrp_time_before(now, guard->window_end)) {
		return;
	}
	dropped = report_guard_dropped(guard, fd);
	came = guard->read + dropped - guard->dropped_before;
	guard->dropped_before = dropped;
	share = share_of(came);
	guard->read = 0;
	guard->window_end = vrrp_time_add(now, REPORT_GUARD_WINDOW_US);
	if (came >= REPORT_GUARD_ON) {
		guard->calm = 0;
		/* Not for every fluctuation: a filter costs a system call. */
		if (!guard->on || share > 2 * guard->share || 2 * share < guard->share) {
			guard->share = share;
			attach(guard, fd);
		}
	} else if (guard->on && ++guard->calm >= REPORT_GUARD_CALM) {
		detach(guard, fd);
	}
}

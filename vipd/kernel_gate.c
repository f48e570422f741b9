/*
 * The gate of one instance: loaded or not, on which interfaces it stands, what is counted about it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/kernel_internal.h"

static void note(struct kernel *kernel, const char *why)
{
	(void)snprintf(kernel->gate_note, sizeof(kernel->gate_note), "%s", why);
}

/*
 * Loads the gate and compares clocks. Any failure leaves `gate: none` with its reason. What a process before has
 * attached stands as it was until the first kernel_gate_set(): a lease that is resumed never closes.
 */
static void load(struct kernel *kernel)
{
	struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];
	struct vrrp_time before;
	struct vrrp_time seen;
	struct vip_err err;
	int code;

	for (size_t i = 0; i < kernel->address_count; i++) {
		addrs[i] = kernel->address[i].addr;
	}
	code = nl_gate_open(kernel->vrid, addrs, kernel->address_count, &kernel->gate, &err);
	if (code < 0) {
		kernel->gate = NULL;
		note(kernel, err.text);
		return;
	}
	before = clock_now();
	code = nl_gate_clock(kernel->gate, &seen, &err);
	if (code == 0) {
		code = nl_gate_clock_check(before, seen, clock_now(), &err);
	}
	if (code < 0) {
		note(kernel, code == -ENOTSUP ? "time namespace" : err.text);
		nl_gate_close(kernel->gate);
		kernel->gate = NULL;
	}
}

void kernel_gate_open(struct kernel *kernel, const struct vrrp_addr *reject_from)
{
	if (kernel->address_count == 0) {
		return; /* a witness */
	}
	if (!kernel->gate_wanted) {
		note(kernel, "switched off: a frozen or killed daemon's address answers until its lifetime ends");
		return;
	}
	load(kernel);
	if (kernel->gate != NULL) {
		nl_gate_reject_from(kernel->gate, reject_from);
	}
}

void kernel_gate_sweep(struct kernel *kernel)
{
	if (kernel->gate == NULL && !kernel->gate_swept) {
		kernel->gate_swept = true;
		(void)nl_gate_remove(kernel->vrid, NULL);
	}
}

void kernel_gate_remove(struct kernel *kernel)
{
	if (kernel->gate != NULL) {
		(void)nl_gate_remove(kernel->vrid, NULL);
	}
}

void kernel_gate_set(struct kernel *kernel, struct vrrp_time in_end, struct vrrp_time out_end)
{
	struct vrrp_time now = clock_now();

	if (kernel->gate_in_end.us != VRRP_TIME_NONE.us && vrrp_time_before(now, in_end) &&
		!vrrp_time_before(now, kernel->gate_in_end)) {
		kernel->gate_late++;
	}
	kernel->gate_in_end = in_end;
	if (kernel->gate != NULL) {
		nl_gate_set(kernel->gate, in_end, out_end);
		if (!kernel->gate_attached) {
			kernel->gate_attached = true;
			(void)kernel_gate_changed(kernel, NULL, 0, NULL);
		}
	}
}

unsigned kernel_gate_changed(
	struct kernel *kernel, const int *ifindex, size_t count, char ret_link[CONFIG_INTERFACE_SIZE])
{
	struct nl_gate_mended mended;
	struct vip_err err;

	if (kernel->gate == NULL) {
		return 0;
	}
	if (nl_gate_mend(kernel->gate, ifindex, count, &mended, &err) < 0) {
		note(kernel, err.text); /* asked again at the next event */
		kernel->gate_partial = true;
		return 0;
	}
	kernel->gate_partial = mended.behind > 0 || mended.missing > 0;
	kernel->gate_put_back += mended.put_back;
	note(kernel, mended.trouble.text);
	if (mended.put_back > 0) {
		(void)snprintf(ret_link, CONFIG_INTERFACE_SIZE, "%s", mended.link);
	}
	return mended.put_back;
}

void kernel_gate_forget(struct kernel *kernel, int ifindex)
{
	if (kernel->gate != NULL) {
		nl_gate_forget(kernel->gate, ifindex);
	}
}

enum kernel_gate kernel_gate_state(const struct kernel *kernel, struct vrrp_time now)
{
	if (!kernel->gate_wanted) {
		return KERNEL_GATE_OFF;
	}
	if (kernel->gate == NULL) {
		return KERNEL_GATE_NONE;
	}
	if (kernel->gate_partial) {
		return KERNEL_GATE_PARTIAL;
	}
	return vrrp_time_before(now, kernel->gate_in_end) ? KERNEL_GATE_OPEN : KERNEL_GATE_CLOSED;
}

const char *kernel_gate_note(const struct kernel *kernel)
{
	return kernel->gate_note;
}

void kernel_gate_count(const struct kernel *kernel, struct kernel_gate_counts *ret_counts)
{
	struct kernel_gate_counts counts = { .put_back = kernel->gate_put_back, .late = kernel->gate_late };
	struct nl_gate_reading reading;

	if (kernel->gate != NULL && nl_gate_read(kernel->gate, &reading, NULL) == 0) {
		counts.is_read = true;
		counts.dropped_adverts = reading.dropped_adverts;
		counts.rejected = reading.rejected;
		for (size_t i = 0; i < reading.count; i++) {
			counts.address[i].dropped_in = reading.address[i].dropped_in;
			counts.address[i].dropped_out = reading.address[i].dropped_out;
		}
	}
	*ret_counts = counts;
}

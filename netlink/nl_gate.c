#include "netlink/nl_gate.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "netlink/nl_gate_inside.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual" /* bpftool's code, not ours */
#include "netlink/gate.skel.h"
#pragma GCC diagnostic pop

#define MAPS_OF_A_PROGRAM_MAX 8
#define PROBE_FRAME_BYTES 64

_Static_assert(GATE_ADDRESSES_MAX == VRRP_ADDRESSES_MAX, "the BPF side has the same limit");

static struct gate_key key_of(const struct vrrp_addr *addr)
{
	struct gate_key key = { { 0 } };

	if (addr->family == 4) {
		memset((uint8_t *)key.word + 10, 0xff, 2);
		memcpy((uint8_t *)key.word + 12, addr->bytes, 4);
	} else {
		memcpy(key.word, addr->bytes, 16);
	}
	return key;
}

static volatile struct gate_state *map_state(int fd)
{
	void *memory = mmap(NULL, sizeof(struct gate_state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap_state(volatile struct gate_state *state)
{
	if (state != NULL) {
		(void)munmap((void *)(uintptr_t)state, sizeof(*state));
	}
}

static bool fits_layout(int fd, const struct bpf_map *wanted, struct bpf_map_info *ret_info)
{
	__u32 size = sizeof(*ret_info);

	memset(ret_info, 0, sizeof(*ret_info));
	return bpf_obj_get_info_by_fd(fd, ret_info, &size) == 0 && strcmp(ret_info->name, bpf_map__name(wanted)) == 0 &&
	       ret_info->type == bpf_map__type(wanted) && ret_info->key_size == bpf_map__key_size(wanted) &&
	       ret_info->value_size == bpf_map__value_size(wanted) &&
	       ret_info->max_entries == bpf_map__max_entries(wanted) &&
	       ret_info->map_flags == bpf_map__map_flags(wanted);
}

static bool fits_state(const struct nl_gate *gate, int fd)
{
	volatile struct gate_state *state = map_state(fd);
	bool fits = state != NULL && state->format == GATE_FORMAT && state->vrid == gate->vrid;

	unmap_state(state);
	return fits;
}

static bool fits_addresses(const struct nl_gate *gate, int fd)
{
	struct gate_counters counters;
	struct gate_key key;
	size_t there = 0;

	for (size_t i = 0; i < gate->count; i++) {
		key = key_of(&gate->addrs[i]);
		if (bpf_map_lookup_elem(fd, &key, &counters) < 0) {
			return false;
		}
	}
	for (int more = bpf_map_get_next_key(fd, NULL, &key); more == 0 && there <= VRRP_ADDRESSES_MAX; there++) {
		struct gate_key last = key;

		more = bpf_map_get_next_key(fd, &last, &key);
	}
	return there == gate->count;
}

/* Takes over the maps of the program if both fit. Every failure, -EPERM without CAP_SYS_ADMIN, means: make new ones. */
static bool adopt_maps(struct nl_gate *gate, int program_fd)
{
	__u32 ids[MAPS_OF_A_PROGRAM_MAX] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = MAPS_OF_A_PROGRAM_MAX, .map_ids = (uintptr_t)ids };
	struct gate_bpf *skeleton = gate->skeleton;
	__u32 size = sizeof(info);
	int state_fd = -1;
	int addrs_fd = -1;
	bool is_adopted = false;

	if (bpf_obj_get_info_by_fd(program_fd, &info, &size) < 0) {
		return false;
	}
	for (size_t i = 0; i < info.nr_map_ids && i < MAPS_OF_A_PROGRAM_MAX; i++) {
		int fd = bpf_map_get_fd_by_id(ids[i]);
		struct bpf_map_info map;

		if (fd >= 0 && state_fd < 0 && fits_layout(fd, skeleton->maps.vipd_state, &map) &&
			fits_state(gate, fd)) {
			state_fd = fd;
		} else if (fd >= 0 && addrs_fd < 0 && fits_layout(fd, skeleton->maps.vipd_addrs, &map) &&
			   fits_addresses(gate, fd)) {
			addrs_fd = fd;
		} else if (fd >= 0) {
			(void)close(fd);
		}
	}
	if (state_fd >= 0 && addrs_fd >= 0) {
		is_adopted = bpf_map__reuse_fd(skeleton->maps.vipd_state, state_fd) == 0 &&
			     bpf_map__reuse_fd(skeleton->maps.vipd_addrs, addrs_fd) == 0;
	}
	if (state_fd >= 0) {
		(void)close(state_fd); /* libbpf has its own copy */
	}
	if (addrs_fd >= 0) {
		(void)close(addrs_fd);
	}
	return is_adopted;
}

static void try_to_adopt(struct nl_gate *gate)
{
	uint32_t id;
	int fd;

	if (nl_gate_find_program(&gate->talk, gate->vrid, &id) != 1) {
		return;
	}
	fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		gate->is_adopted = adopt_maps(gate, fd);
		(void)close(fd);
	}
}

static int learn_program(const struct bpf_program *program, struct nl_gate_program *ret_program)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = bpf_program__fd(program);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0) {
		return -errno;
	}
	*ret_program = (struct nl_gate_program){ .fd = fd, .id = info.id };
	return 0;
}

static int learn_programs(struct nl_gate *gate)
{
	int result = learn_program(gate->skeleton->progs.vipd_in, &gate->ethernet[NL_TC_IN]);

	result = result < 0 ? result : learn_program(gate->skeleton->progs.vipd_out, &gate->ethernet[NL_TC_OUT]);
	result = result < 0 ? result : learn_program(gate->skeleton->progs.vipd_bare_in, &gate->bare[NL_TC_IN]);
	return result < 0 ? result : learn_program(gate->skeleton->progs.vipd_bare_out, &gate->bare[NL_TC_OUT]);
}

/* A new map: all zero, that is, shut. */
static int fill_maps(struct nl_gate *gate)
{
	const struct gate_counters none = { 0 };

	for (size_t i = 0; i < gate->count; i++) {
		struct gate_key key = key_of(&gate->addrs[i]);

		if (bpf_map_update_elem(gate->addrs_fd, &key, &none, BPF_ANY) < 0) {
			return -errno;
		}
	}
	gate->state->format = GATE_FORMAT;
	gate->state->vrid = gate->vrid;
	return 0;
}

static int load(struct nl_gate *gate, struct vip_err *err)
{
	int result;

	(void)libbpf_set_print(NULL);
	gate->skeleton = gate_bpf__open();
	if (gate->skeleton == NULL) {
		return vip_err_set(err, -errno, "gate: open the BPF object: %s", strerror(errno));
	}
	try_to_adopt(gate);
	result = gate_bpf__load(gate->skeleton);
	if (result < 0) {
		return vip_err_set(err, result, "gate: load the BPF programs%s: %s",
			result == -EPERM ? " (needs CAP_BPF and CAP_NET_ADMIN)" : "", strerror(-result));
	}
	gate->addrs_fd = bpf_map__fd(gate->skeleton->maps.vipd_addrs);
	gate->state = map_state(bpf_map__fd(gate->skeleton->maps.vipd_state));
	if (gate->state == NULL) {
		return vip_err_set(err, -errno, "gate: map the BPF map into memory: %s", strerror(errno));
	}
	result = learn_programs(gate);
	if (result == 0 && !gate->is_adopted) {
		result = fill_maps(gate);
	}
	return result < 0 ? vip_err_set(err, result, "gate: set up the BPF maps: %s", strerror(-result)) : 0;
}

int nl_gate_open(
	uint8_t vrid, const struct vrrp_addr *addrs, size_t count, struct nl_gate **ret_gate, struct vip_err *err)
{
	struct nl_gate *gate;
	int result;

	assert(vrid != 0 && count >= 1 && count <= VRRP_ADDRESSES_MAX);
	gate = calloc(1, sizeof(*gate));
	if (gate == NULL) {
		return vip_err_set(err, -ENOMEM, "gate: out of memory");
	}
	gate->vrid = vrid;
	gate->count = count;
	memcpy(gate->addrs, addrs, count * sizeof(*addrs));
	result = nl_talk_open(&gate->talk, NETLINK_ROUTE, err);
	if (result == 0) {
		result = load(gate, err);
	}
	if (result < 0) {
		nl_gate_close(gate);
		return result;
	}
	*ret_gate = gate;
	return 0;
}

void nl_gate_close(struct nl_gate *gate)
{
	if (gate != NULL) {
		unmap_state(gate->state);
		gate_bpf__destroy(gate->skeleton); /* the kernel keeps what is attached */
		nl_talk_close(&gate->talk);
		free(gate->known);
		free(gate);
	}
}

bool nl_gate_is_adopted(const struct nl_gate *gate)
{
	return gate->is_adopted;
}

static uint64_t ns_of(struct vrrp_time t)
{
	uint64_t us = t.us < 0 ? 0 : (uint64_t)t.us;

	return us > UINT64_MAX / 1000 ? UINT64_MAX : us * 1000;
}

static struct vrrp_time time_of(uint64_t ns)
{
	return ns == UINT64_MAX ? VRRP_TIME_NEVER : (struct vrrp_time){ (int64_t)(ns / 1000) };
}

void nl_gate_set(struct nl_gate *gate, struct vrrp_time end_in, struct vrrp_time end_out)
{
	/*
	 * Two aligned 64-bit stores; the programs read each by itself. The ends are absolute, so a stall before,
	 * between or after them lets nothing through that these ends do not let through [B1].
	 */
	gate->state->end_in_ns = ns_of(end_in);
	gate->state->end_out_ns = ns_of(end_out);
}

void nl_gate_reject_from(struct nl_gate *gate, const struct vrrp_addr *from)
{
	const struct gate_key none = { { 0 } };
	struct gate_key key = from == NULL ? none : key_of(from);

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(key.word); i++) {
		gate->state->reject_from[i] = key.word[i];
	}
}

int nl_gate_read(struct nl_gate *gate, struct nl_gate_reading *ret_reading, struct vip_err *err)
{
	struct nl_gate_reading reading = { .count = gate->count };

	for (size_t i = 0; i < gate->count; i++) {
		struct gate_key key = key_of(&gate->addrs[i]);
		struct gate_counters counters;

		if (bpf_map_lookup_elem(gate->addrs_fd, &key, &counters) < 0) {
			return vip_err_set(err, -errno, "gate: read a BPF map: %s", strerror(errno));
		}
		reading.address[i] = (struct nl_gate_address){
			.addr = gate->addrs[i], .dropped_in = counters.dropped_in, .dropped_out = counters.dropped_out
		};
	}
	reading.end_in = time_of(gate->state->end_in_ns);
	reading.end_out = time_of(gate->state->end_out_ns);
	reading.dropped_adverts = gate->state->dropped_adverts;
	reading.rejected = gate->state->rejected;
	*ret_reading = reading;
	return 0;
}

int nl_gate_clock(struct nl_gate *gate, struct vrrp_time *ret_now, struct vip_err *err)
{
	uint8_t frame[PROBE_FRAME_BYTES] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1);

	if (bpf_prog_test_run_opts(bpf_program__fd(gate->skeleton->progs.vipd_clock), &options) < 0) {
		return vip_err_set(err, -errno, "gate: test run of the clock's program: %s", strerror(errno));
	}
	*ret_now = time_of(gate->state->clock_ns);
	return 0;
}

int nl_gate_clock_check(struct vrrp_time before, struct vrrp_time kernel, struct vrrp_time after, struct vip_err *err)
{
	if (kernel.us < before.us || kernel.us > after.us) {
		return vip_err_set(err, -ENOTSUP,
			"gate: the kernel's boot time differs from this process's by %lld us: a time namespace",
			(long long)(kernel.us < before.us ? kernel.us - before.us : kernel.us - after.us));
	}
	return 0;
}

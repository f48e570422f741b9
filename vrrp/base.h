/*
 * The words everything else is written in: instants, addresses, WAL positions and the limits of an instance.
 *
 * This header and err.h are the only ones of ours that the leaves (checks/, netlink/) may include; see HACKING.md.
 * It holds plain values only: no pointers, no allocation, nothing that reads a clock.
 *
 * Instants are a struct, so that they mix neither with durations (int64_t, ..._us or ..._ms) nor with plain numbers.
 * All of them are CLOCK_BOOTTIME of this host; no rule compares the clocks of two hosts (protocol.md).
 */
#ifndef VRRP_BASE_H
#define VRRP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits of one instance (product.md, "Configuration"). */
#define VRRP_MEMBERS_MAX 9    /* members of an instance, witnesses included */
#define VRRP_ADDRESSES_MAX 16 /* floating addresses of an instance */
#define VRRP_HISTORY_MAX 8    /* timelines a report carries (protocol.md section 3.1) */
#define VRRP_NAME_MAX 32      /* bytes of a member's or instance's name, without the 0 */
#define VRRP_KEYS_MAX 4       /* live authentication keys */
#define VRRP_KEY_BYTES_MAX 64 /* 128 hex digits */
#define VRRP_DIGEST_BYTES 32  /* SHA-256 of the effective safety-relevant configuration */
#define VRRP_REPORT_PORT 3112

#define VRRP_US_PER_MS INT64_C(1000)
#define VRRP_US_PER_S INT64_C(1000000)

/* An instant: microseconds of CLOCK_BOOTTIME. 0 stands for "never happened". */
struct vrrp_time {
	int64_t us;
};

/* Later than every instant that a clock can give. */
#define VRRP_TIME_NEVER ((struct vrrp_time){ INT64_MAX })
#define VRRP_TIME_NONE ((struct vrrp_time){ 0 })

/* t + duration_us, held at VRRP_TIME_NEVER and at 0. */
static inline struct vrrp_time vrrp_time_add(struct vrrp_time t, int64_t duration_us)
{
	struct vrrp_time sum;

	if (t.us == INT64_MAX || __builtin_add_overflow(t.us, duration_us, &sum.us)) {
		return duration_us < 0 && t.us != INT64_MAX ? VRRP_TIME_NONE : VRRP_TIME_NEVER;
	}
	return sum.us < 0 ? VRRP_TIME_NONE : sum;
}

/* later - earlier, in microseconds; negative if they stand the other way round. */
static inline int64_t vrrp_time_diff_us(struct vrrp_time later, struct vrrp_time earlier)
{
	return later.us - earlier.us; /* both are >= 0, so this cannot overflow */
}

static inline bool vrrp_time_before(struct vrrp_time a, struct vrrp_time b)
{
	return a.us < b.us;
}

static inline struct vrrp_time vrrp_time_min(struct vrrp_time a, struct vrrp_time b)
{
	return a.us < b.us ? a : b;
}

static inline struct vrrp_time vrrp_time_max(struct vrrp_time a, struct vrrp_time b)
{
	return a.us > b.us ? a : b;
}

/* An IPv4 or IPv6 address; family is 4, 6 or 0 (none). IPv4 uses the first four bytes; the rest is 0. */
struct vrrp_addr {
	uint8_t family;
	uint8_t bytes[16]; /* network byte order */
};

/* Bytes of an address of this family: 4, 16, or 0. */
static inline size_t vrrp_addr_size(const struct vrrp_addr *addr)
{
	return addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0;
}

/* A WAL position (PostgreSQL's XLogRecPtr). 0 is PostgreSQL's InvalidXLogRecPtr: unknown. */
typedef uint64_t vrrp_lsn;

/* What PostgreSQL prints as %X/%X. Use: printf(VRRP_LSN_FMT, VRRP_LSN_ARG(lsn)). */
#define VRRP_LSN_FMT "%X/%X"
#define VRRP_LSN_ARG(lsn) ((unsigned)((lsn) >> 32)), ((unsigned)((lsn)&UINT32_MAX))

/*
 * One timeline of a cluster's history: where it branched off its predecessor and the fingerprint of the first WAL
 * record on it (protocol.md section 6). fingerprint 0 = unknown; switch_point of the first timeline is 0.
 */
struct vrrp_timeline {
	uint32_t timeline;
	vrrp_lsn switch_point;
	uint64_t fingerprint;
};

/* The last timelines of a history, oldest first. count <= VRRP_HISTORY_MAX. */
struct vrrp_history {
	uint8_t count;
	struct vrrp_timeline entry[VRRP_HISTORY_MAX];
};

#define VRRP_ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#endif

#include "vipd/log_ring.h"

#include <assert.h>
#include <string.h>

#define HEADER_BYTES 8
#define SKIP UINT32_MAX /* length of a record that fills the end of the array */

static size_t record_size(size_t len)
{
	return HEADER_BYTES + ((len + 7) & ~(size_t)7);
}

static uint32_t header_get(const struct log_ring *ring, uint64_t offset)
{
	uint32_t len;

	memcpy(&len, &ring->bytes[offset % LOG_RING_BYTES], sizeof(len));
	return len;
}

static void header_set(struct log_ring *ring, uint64_t offset, uint32_t len)
{
	memcpy(&ring->bytes[offset % LOG_RING_BYTES], &len, sizeof(len));
}

bool log_ring_put(struct log_ring *ring, const void *bytes, size_t len)
{
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
	size_t size = record_size(len);
	size_t to_end = LOG_RING_BYTES - put % LOG_RING_BYTES;
	size_t skipped = to_end < size ? to_end : 0; /* offsets are multiples of 8: a skip header always fits */

	assert(len <= LOG_RECORD_MAX);
	if (put - taken + skipped + size > LOG_RING_BYTES) {
		return false;
	}
	if (skipped > 0) {
		header_set(ring, put, SKIP);
		put += skipped;
	}
	header_set(ring, put, (uint32_t)len);
	memcpy(&ring->bytes[put % LOG_RING_BYTES + HEADER_BYTES], bytes, len);
	atomic_store_explicit(&ring->put, put + size, memory_order_release);
	return true;
}

/* The place of the oldest record, a skip left behind; false if there is none. */
static bool oldest_find(struct log_ring *ring, uint64_t *ret_offset)
{
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_acquire);

	if (taken != put && header_get(ring, taken) == SKIP) {
		taken += LOG_RING_BYTES - taken % LOG_RING_BYTES;
		atomic_store_explicit(&ring->taken, taken, memory_order_release);
	}
	*ret_offset = taken;
	return taken != put;
}

const void *log_ring_peek(struct log_ring *ring, size_t *ret_len)
{
	uint64_t offset;

	if (!oldest_find(ring, &offset)) {
		return NULL;
	}
	*ret_len = header_get(ring, offset);
	return &ring->bytes[offset % LOG_RING_BYTES + HEADER_BYTES];
}

void log_ring_drop(struct log_ring *ring)
{
	uint64_t offset;

	if (oldest_find(ring, &offset)) {
		atomic_store_explicit(
			&ring->taken, offset + record_size(header_get(ring, offset)), memory_order_release);
	}
}

/*
 * The ring between the thread that logs and the thread that writes: one puts, one takes, nobody waits.
 *
 * Records of bytes in a fixed array, lock-free for one producer and one consumer. Used by log.c alone.
 */
#ifndef VIPD_LOG_RING_H
#define VIPD_LOG_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vipd/log.h"

#define LOG_RING_BYTES LOG_PENDING_BYTES /* a power of two */
#define LOG_RECORD_MAX 4096              /* bytes of one record, at most LOG_RING_BYTES / 4 */

/* Zero-initialised. Offsets count bytes since the start and never wrap in practice (64 bits). */
struct log_ring {
	_Atomic uint64_t put;
	_Atomic uint64_t taken;
	_Alignas(8) unsigned char bytes[LOG_RING_BYTES];
};

/* Producer: a copy of len bytes (<= LOG_RECORD_MAX). False if there is no room; nothing is written then. */
bool log_ring_put(struct log_ring *ring, const void *bytes, size_t len);

/* Consumer: the oldest record, in place until log_ring_drop; NULL if there is none. */
const void *log_ring_peek(struct log_ring *ring, size_t *ret_len);
void log_ring_drop(struct log_ring *ring);

#endif

/*
 * The bytes that libFuzzer gives, taken from the front as numbers; behind their end everything is 0.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *data;
	size_t size;
};

static inline uint8_t input_byte(struct input *input)
{
	if (input->size == 0) {
		return 0;
	}
	input->size--;
	return *input->data++;
}

/* 0 … bound - 1 */
static inline unsigned input_below(struct input *input, unsigned bound)
{
	return input_byte(input) % bound;
}

static inline uint64_t input_u64(struct input *input)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++) {
		value = value << 8 | input_byte(input);
	}
	return value;
}

/* Up to `size` bytes; returns how many there were. */
static inline size_t input_bytes(struct input *input, void *to, size_t size)
{
	size_t count = size < input->size ? size : input->size;

	memcpy(to, input->data, count);
	input->data += count;
	input->size -= count;
	return count;
}

#endif

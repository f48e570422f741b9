/*
 * I7: no input crashes the daemon (an assertion of the core, a signal: the seed is named and the run ends), and no
 * packet that is not authentic as a whole gets past the decoder: bits flipped, cut off, lengthened, of another key, or
 * noise.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define INPUT_FLIPS_MAX 8

static char last_words[200];
static size_t last_words_length;

static void on_signal(int number)
{
	static const char abort_text[] = "# I7: an assertion failed\n";
	static const char fault_text[] = "# I7: a signal of the processor\n";
	ssize_t ignored;

	ignored = number == SIGABRT ? write(STDOUT_FILENO, abort_text, sizeof(abort_text) - 1)
				    : write(STDOUT_FILENO, fault_text, sizeof(fault_text) - 1);
	ignored = write(STDOUT_FILENO, last_words, last_words_length);
	(void)ignored;
	_exit(1);
}

void sim_inv_input_begin(uint64_t seed)
{
	static const int numbers[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE };
	int length = snprintf(
		last_words, sizeof(last_words), "# repeat: tests/sim/sim --seed %" PRIu64 " (and its --set)\n", seed);

	last_words_length = (size_t)length;
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(numbers); i++) {
		(void)signal(numbers[i], on_signal);
	}
}

/* What somebody without the key makes of a packet. Returns its length. */
static size_t spoil(struct sim_world *world, uint8_t *bytes, size_t length)
{
	size_t cut;

	switch (sim_draw(world, 0, 4)) {
	case 0:
		for (int64_t left = sim_draw(world, 1, INPUT_FLIPS_MAX); left > 0; left--) {
			bytes[sim_draw(world, 0, (int64_t)length - 1)] ^= (uint8_t)(1U << sim_draw(world, 0, 7));
		}
		return length;
	case 1:
		return (size_t)sim_draw(world, 0, (int64_t)length - 1);
	case 2:
		cut = (size_t)sim_draw(world, 1, (int64_t)(VRRP_REPORT_BYTES_MAX - length));
		memset(bytes + length, (int)sim_draw(world, 0, 255), cut);
		return length + cut;
	case 3:
		bytes[length - VRRP_AUTH_MAC_BYTES - VRRP_AUTH_KEY_ID_BYTES] ^= 1; /* another key's */
		return length;
	default:
		for (size_t i = (size_t)sim_draw(world, 0, (int64_t)length - 1); i < length; i++) {
			bytes[i] = (uint8_t)sim_draw(world, 0, 255);
		}
		return length;
	}
}

void sim_inv_input_spoiled(struct sim_world *world, const struct vrrp_report *report)
{
	struct vrrp_report_expect expect = { .vrid = report->vrid, .sender = report->sender };
	uint8_t bytes[VRRP_REPORT_BYTES_MAX] = { 0 };
	uint8_t good[VRRP_REPORT_BYTES_MAX];
	struct vrrp_report decoded;
	int length = vrrp_report_encode(report, &sim_codec_auth, bytes, sizeof(bytes));
	size_t spoiled;

	if (length <= 0) {
		sim_world_violate(world, "codec: encode failed with %d", length);
		return;
	}
	memcpy(good, bytes, sizeof(bytes));
	spoiled = spoil(world, bytes, (size_t)length);
	world->counts.spoiled++;
	if (spoiled == (size_t)length && memcmp(bytes, good, spoiled) == 0) {
		return; /* bits flipped back */
	}
	if (vrrp_report_decode(bytes, spoiled, &expect, &sim_codec_auth, &decoded, NULL) == VRRP_DROP_NONE) {
		sim_world_violate(
			world, "I7: a packet of member %u that was changed under way is accepted", report->sender);
	}
}

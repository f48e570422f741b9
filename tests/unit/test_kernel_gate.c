/*
 * What vipd/kernel_gate.c counts and says without a gate in the kernel: renewals that came too late, and the words of
 * the gate's state.
 */
#include "tests/unit/test_nl_lab.h"

#include "vipd/kernel_internal.h"

static unsigned late(const struct kernel *kernel)
{
	struct kernel_gate_counts counts;

	kernel_gate_count(kernel, &counts);
	assert_false(counts.is_read);
	return counts.late;
}

static void a_renewal_that_finds_the_end_past_is_counted(void **state)
{
	struct kernel kernel = { .vrid = 51, .gate_wanted = true };
	struct vrrp_time soon;

	(void)state;
	kernel_gate_set(&kernel, lab_in_ms(60000), lab_in_ms(60000)); /* the first one opens */
	kernel_gate_set(&kernel, lab_in_ms(60000), lab_in_ms(60000)); /* in time */
	assert_int_equal(late(&kernel), 0);
	soon = lab_in_ms(1);
	kernel_gate_set(&kernel, soon, soon);
	LAB_UNTIL(!vrrp_time_before(lab_now(), soon));
	kernel_gate_set(&kernel, lab_in_ms(60000), lab_in_ms(60000));
	assert_int_equal(late(&kernel), 1);
	kernel_gate_set(&kernel, VRRP_TIME_NONE, lab_in_ms(60000)); /* closing, and closed, is no renewal */
	kernel_gate_set(&kernel, VRRP_TIME_NONE, VRRP_TIME_NONE);
	kernel_gate_set(&kernel, lab_in_ms(60000), lab_in_ms(60000)); /* nor is opening again */
	assert_int_equal(late(&kernel), 1);
	soon = lab_in_ms(1);
	kernel_gate_set(&kernel, soon, soon);
	LAB_UNTIL(!vrrp_time_before(lab_now(), soon));
	kernel_gate_set(&kernel, soon, soon); /* opens nothing */
	assert_int_equal(late(&kernel), 1);
}

static void the_words_of_its_state(void **state)
{
	struct kernel kernel = { .vrid = 51, .gate_wanted = true };

	(void)state;
	assert_int_equal(kernel_gate_state(&kernel, lab_now()), KERNEL_GATE_NONE);
	kernel.gate_wanted = false;
	assert_int_equal(kernel_gate_state(&kernel, lab_now()), KERNEL_GATE_OFF);
	kernel_gate_open(&kernel, NULL); /* a witness: nothing to gate, nothing to say */
	assert_string_equal(kernel_gate_note(&kernel), "");
	kernel.address_count = 1;
	kernel_gate_open(&kernel, NULL);
	assert_non_null(strstr(kernel_gate_note(&kernel), "switched off"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal_that_finds_the_end_past_is_counted),
		cmocka_unit_test(the_words_of_its_state),
	};

	return cmocka_run_group_tests_name("the daemon's gate", tests, NULL, NULL);
}

/*
 * The table of roles: one row a pair, nothing out of nowhere, a way out of everything, a reason a row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "vrrp/role.h"

#define REASON_BYTES_MAX 80

static void next_is_what_the_table_says(void **state)
{
	size_t count = 0;
	const struct vrrp_role_row *table = vrrp_role_table(&count);
	unsigned rows = 0;

	(void)state;
	assert_true(count > 0);
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		for (unsigned cause = 0; cause < VRRP_CAUSE_COUNT; cause++) {
			const struct vrrp_role_row *row = vrrp_role_next((enum vrrp_role)role, (enum vrrp_cause)cause);

			if (row != NULL) {
				assert_int_equal(row->from, role);
				assert_int_equal(row->cause, cause);
				assert_true(row >= table && row < table + count);
				rows++;
			}
		}
	}
	assert_int_equal(rows, count); /* no pair twice: the second would never be found */
}

static void each_row_has_a_reason_that_fits_a_log_line(void **state)
{
	size_t count = 0;
	const struct vrrp_role_row *table = vrrp_role_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(table[i].reason);

		assert_in_range(length, 5, REASON_BYTES_MAX);
		assert_int_not_equal(table[i].reason[length - 1], '.');
		for (size_t j = 0; j < i; j++) {
			if (table[i].from == table[j].from) {
				assert_string_not_equal(table[i].reason, table[j].reason);
			}
		}
	}
}

/* The lease is got by standing and by nothing else; it is served only by who has promoted. */
static void only_a_candidate_wins_and_only_a_winner_serves(void **state)
{
	size_t count = 0;
	const struct vrrp_role_row *table = vrrp_role_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (table[i].to == VRRP_ROLE_PROMOTING) {
			/* or holds it all along, in a switchover that failed */
			assert_true((table[i].from == VRRP_ROLE_CANDIDATE && table[i].cause == VRRP_CAUSE_GRANTED) ||
				    (table[i].from == VRRP_ROLE_LEAVING && table[i].cause == VRRP_CAUSE_NOT_REACHED));
		} else if (table[i].to == VRRP_ROLE_MASTER && table[i].cause == VRRP_CAUSE_RESUMED) {
			assert_int_equal(table[i].from, VRRP_ROLE_INIT); /* its predecessor had won it */
		} else if (table[i].to == VRRP_ROLE_MASTER) {
			assert_int_equal(table[i].from, VRRP_ROLE_PROMOTING);
			assert_int_equal(table[i].cause, VRRP_CAUSE_SERVING);
		} else if (table[i].to == VRRP_ROLE_LEAVING) {
			assert_true(table[i].from == VRRP_ROLE_PROMOTING || table[i].from == VRRP_ROLE_MASTER);
		} else if (table[i].to == VRRP_ROLE_CANDIDATE) {
			assert_int_equal(table[i].from, VRRP_ROLE_BACKUP);
		}
	}
}

static void every_holder_can_lose_the_lease_and_postgresql(void **state)
{
	(void)state;
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		const struct vrrp_role_row *ended = vrrp_role_next((enum vrrp_role)role, VRRP_CAUSE_LEASE_ENDED);
		const struct vrrp_role_row *died = vrrp_role_next((enum vrrp_role)role, VRRP_CAUSE_PG_DIED);

		if (vrrp_role_holds((enum vrrp_role)role)) {
			assert_non_null(ended);
			assert_non_null(died);
			assert_int_equal(ended->to, VRRP_ROLE_FAULT);
			assert_int_equal(died->to, VRRP_ROLE_FAULT);
		} else {
			assert_null(ended);
			assert_null(died);
		}
	}
}

/* A clean stop ends in INIT from everywhere: at once, or through LEAVING, which ends in FAULT. */
static void every_role_can_be_stopped(void **state)
{
	(void)state;
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		enum vrrp_role now = (enum vrrp_role)role;

		for (unsigned steps = 0; steps < 3 && now != VRRP_ROLE_INIT; steps++) {
			const struct vrrp_role_row *row =
				vrrp_role_next(now, now == VRRP_ROLE_LEAVING ? VRRP_CAUSE_PG_STOPPED : VRRP_CAUSE_STOP);

			assert_non_null(row);
			now = row->to;
		}
		assert_int_equal(now, VRRP_ROLE_INIT);
	}
	assert_int_equal(vrrp_role_next(VRRP_ROLE_INIT, VRRP_CAUSE_STOP)->to, VRRP_ROLE_INIT);
}

static void every_role_can_be_reached(void **state)
{
	size_t count = 0;
	const struct vrrp_role_row *table = vrrp_role_table(&count);
	bool reached[VRRP_ROLE_COUNT] = { [VRRP_ROLE_INIT] = true };

	(void)state;
	for (unsigned round = 0; round < VRRP_ROLE_COUNT; round++) {
		for (size_t i = 0; i < count; i++) {
			reached[table[i].to] = reached[table[i].to] || reached[table[i].from];
		}
	}
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		assert_true(reached[role]);
	}
}

static void holders_are_promoting_master_and_leaving(void **state)
{
	(void)state;
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		assert_int_equal(vrrp_role_holds((enum vrrp_role)role),
			role == VRRP_ROLE_PROMOTING || role == VRRP_ROLE_MASTER || role == VRRP_ROLE_LEAVING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_is_what_the_table_says),
		cmocka_unit_test(each_row_has_a_reason_that_fits_a_log_line),
		cmocka_unit_test(only_a_candidate_wins_and_only_a_winner_serves),
		cmocka_unit_test(every_holder_can_lose_the_lease_and_postgresql),
		cmocka_unit_test(every_role_can_be_stopped),
		cmocka_unit_test(every_role_can_be_reached),
		cmocka_unit_test(holders_are_promoting_master_and_leaving),
	};

	return cmocka_run_group_tests_name("role", tests, NULL, NULL);
}

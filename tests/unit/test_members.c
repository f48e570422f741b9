/*
 * Member lists (protocol.md section 4.5, B9): kept by id, and how many steps of one member lie between two of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/members.h"

#define MACHINE(id) (UINT32_C(1000) + (id))

/* Members of these ids, each on its machine. */
static struct vrrp_member_list list_of(unsigned count, const uint8_t *ids)
{
	struct vrrp_member_list list = { 0 };

	for (unsigned i = 0; i < count; i++) {
		vrrp_member_list_add(&list, (struct vrrp_member_entry){ MACHINE(ids[i]), ids[i], 0 });
	}
	return list;
}

static void assert_distance(const struct vrrp_member_list *a, const struct vrrp_member_list *b, unsigned steps)
{
	assert_int_equal(vrrp_member_list_distance(a, b), steps);
	assert_int_equal(vrrp_member_list_distance(b, a), steps);
}

static void the_order_in_the_file_says_nothing(void **state)
{
	struct vrrp_member_list a = list_of(3, (const uint8_t[]){ 1, 2, 3 });
	struct vrrp_member_list b = list_of(3, (const uint8_t[]){ 3, 1, 2 });

	(void)state;
	assert_true(vrrp_member_list_is_valid(&b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_distance(&a, &b, 0);
	assert_int_equal(vrrp_member_list_find(&b, 3)->hash, MACHINE(3));
	assert_null(vrrp_member_list_find(&b, 4));
}

static void one_more_or_one_less_is_one_step(void **state)
{
	struct vrrp_member_list three = list_of(3, (const uint8_t[]){ 1, 2, 3 });
	struct vrrp_member_list four = list_of(4, (const uint8_t[]){ 1, 2, 3, 7 });
	struct vrrp_member_list five = list_of(5, (const uint8_t[]){ 1, 2, 3, 4, 7 });
	struct vrrp_member_list none = { 0 };

	(void)state;
	assert_distance(&three, &four, 1);
	assert_distance(&three, &five, 2);
	assert_distance(&none, &three, 3);
}

/* {1, 2, 3} and {1, 2, 3 on another machine}: majorities {1, 3} and {2, 3'} do not meet. */
static void another_machine_under_an_old_id_is_two_steps(void **state)
{
	struct vrrp_member_list a = list_of(3, (const uint8_t[]){ 1, 2, 3 });
	struct vrrp_member_list b = a;
	struct vrrp_member_list c = list_of(3, (const uint8_t[]){ 1, 2, 4 });

	(void)state;
	b.entry[2].hash++;
	assert_distance(&a, &b, 2);
	assert_distance(&a, &c, 2); /* the same said by a new id */
}

static void other_flags_are_one_step(void **state)
{
	struct vrrp_member_list a = list_of(3, (const uint8_t[]){ 1, 2, 3 });
	struct vrrp_member_list b = a;

	(void)state;
	b.entry[1].flags = VRRP_MEMBER_WITNESS;
	assert_distance(&a, &b, 1);
	b.entry[0].flags = VRRP_MEMBER_NOFAILOVER | VRRP_MEMBER_VOTE_DATA;
	assert_distance(&a, &b, 2);
	b.entry[0].hash++; /* counted once */
	assert_distance(&a, &b, 3);
}

static void what_is_no_list(void **state)
{
	struct vrrp_member_list list = list_of(2, (const uint8_t[]){ 1, 2 });

	(void)state;
	assert_true(vrrp_member_list_is_valid(&list));
	list.entry[1].id = 1;
	assert_false(vrrp_member_list_is_valid(&list));
	list.entry[0].id = 0;
	assert_false(vrrp_member_list_is_valid(&list));
	list = (struct vrrp_member_list){ .count = VRRP_MEMBERS_MAX + 1 };
	assert_false(vrrp_member_list_is_valid(&list));
	assert_int_equal(vrrp_member_list_distance(&list, &list), 0); /* any input is safe */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_in_the_file_says_nothing),
		cmocka_unit_test(one_more_or_one_less_is_one_step),
		cmocka_unit_test(another_machine_under_an_old_id_is_two_steps),
		cmocka_unit_test(other_flags_are_one_step),
		cmocka_unit_test(what_is_no_list),
	};

	return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}

#include "tests/mutants/mutants.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vrrp/mutant.h"

static const char *chosen;
static bool reached;

/* For programs without arguments of their own, the unit tests' twins. */
static void __attribute__((constructor)) choose_by_environment(void)
{
	chosen = getenv("VIPD_MUTANT");
}

bool mutants_choose(const char *name)
{
	chosen = name;
	return true;
}

bool mutants_reached(void)
{
	return chosen == NULL || reached;
}

bool vrrp_mutant_is(const char *name)
{
	if (chosen == NULL || strcmp(name, chosen) != 0) {
		return false;
	}
	reached = true;
	return true;
}

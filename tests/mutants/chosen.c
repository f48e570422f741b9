#include "tests/mutants/mutants.h"

#include <stddef.h>
#include <string.h>

#include "vrrp/mutant.h"

static const char *chosen;
static bool reached;

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

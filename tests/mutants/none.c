#include "tests/mutants/mutants.h"

bool mutants_choose(const char *name)
{
	(void)name;
	return false;
}

bool mutants_reached(void)
{
	return true;
}

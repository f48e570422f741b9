/*
 * Deliberately wrong variants of the core, so that the tests can prove that they see each rule broken.
 *
 * VRRP_MUTANT(name) stands in one short condition where a rule is kept; it is false, and nothing is left of it, in the
 * product's library. tests/mutants builds the same sources a second time with VRRP_MUTANTS into a library of its own,
 * in which one name, chosen at run time, is true. tests/mutants/table says for each name which rule it breaks (sections
 * of the protocol's page, findings of its attacks) and which test must see it: a name in the sources that is not in the
 * table, or the other way round, is a failure.
 */
#ifndef VRRP_MUTANT_H
#define VRRP_MUTANT_H

#include <stdbool.h>

#ifdef VRRP_MUTANTS
/* Whether that mutant was chosen (tests/mutants/chosen.c). */
bool vrrp_mutant_is(const char *name);
#define VRRP_MUTANT(name) vrrp_mutant_is(#name)
#else
#define VRRP_MUTANT(name) false
#endif

#endif

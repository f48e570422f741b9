/*
 * Which mutant of the core runs (vrrp/mutant.h): chosen by the test program's --mutant. Programs that are linked with
 * the product's library have none (none.c); their twins, sim_mutant and golden_mutant, are linked with
 * libvrrp_mutant.a, which has chosen.c.
 */
#ifndef MUTANTS_H
#define MUTANTS_H

#include <stdbool.h>

/* From now on the core is that mutant. False if this program has the real core only. */
bool mutants_choose(const char *name);

/* Whether the core came to the place where the chosen mutant differs; true if none was chosen. A name that was
 * misspelled, or a run that did not get there, would else pass as a mutant that nobody sees. */
bool mutants_reached(void);

#endif

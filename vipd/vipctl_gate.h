/*
 * `vipctl gate remove`: takes away gates that dead daemons have left on this host. Not asked of a daemon, for there is
 * none: where one runs with that virtual_router_id, it is refused, and it is held off from starting meanwhile (the
 * lock of state_file.h). Refused too while a floating address is still bound: the gate is what keeps it from answering.
 * Used by vipctl.c only.
 */
#ifndef VIPD_VIPCTL_GATE_H
#define VIPD_VIPCTL_GATE_H

#include <stdbool.h>

/* Returns vipctl's exit code: 0 all gates are gone (or there was none), 1 one was refused; said already. */
int vipctl_gate_remove(bool json);

#endif

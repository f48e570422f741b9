/*
 * What the configuration can say and the daemon of this version cannot do, where going on without it would be less
 * safe than the operator believes. Refused by vipd and vipd --check; the parser knows the keys already.
 */
#ifndef VIPD_CONFIG_NOT_YET_H
#define VIPD_CONFIG_NOT_YET_H

#include "vipd/config.h"

/* Adds an error to the report for each; returns their number. */
size_t config_not_yet(const struct vip_config *config, struct config_report *report);

#endif

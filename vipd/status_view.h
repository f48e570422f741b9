/*
 * What status says, before it is JSON: who is heard, who holds, what is at risk, who would take over, and the note that
 * an operator reads first. status.c's inside; pure, and judged at one moment, the input's: the core is copied and its
 * time moved there, so that all of its answers belong together.
 *
 * Members are indices, -1 = nobody; bytes are -1 where they are not known.
 */
#ifndef VIPD_STATUS_VIEW_H
#define VIPD_STATUS_VIEW_H

#include "vipd/status.h"

#define STATUS_NOTE_SIZE 512

struct status_view {
	const struct status_input *input;
	const struct config_instance *instance;
	struct vrrp_core core;
	struct vrrp_report own;                           /* what I would report now */
	const struct vrrp_report *said[VRRP_MEMBERS_MAX]; /* own, and the others' while they speak; else NULL */
	int holder;
	struct vrrp_position newest; /* of the MASTER, or the last one; position 0 = unknown */
	int64_t at_risk_bytes[VRRP_MEMBERS_MAX];
	int line[VRRP_MEMBERS_MAX]; /* who may take over, the best first */
	int line_count;
};

/* The input, and what it points to, must outlive the view; the view must not be moved. */
void status_view_init(struct status_view *view, const struct status_input *input);

/* Index of the member with this id; -1 = none. */
int status_view_member(const struct status_view *view, uint8_t id);

/* Bytes that the holder has and this member lacks; -1 for the holder itself. */
int64_t status_view_lag_bytes(const struct status_view *view, int index);

/* What keeps the member from being promoted, or from voting; 0 while it is not heard. */
uint32_t status_view_faults(const struct status_view *view, int index);

/* Whether the report comes from a daemon with my safety-relevant configuration. */
bool status_view_same_config(const struct status_view *view, const struct vrrp_report *report);

/* The member's grant, if one runs. */
const struct vrrp_report_grant *status_view_grant(const struct status_view *view, int index);

/* A few words for the table; "" = nothing to say. May contain text from outside: to be escaped. */
void status_view_note(const struct status_view *view, int index, char ret_note[STATUS_NOTE_SIZE]);

#endif

#include "vipd/vipctl_gate.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "netlink/nl_addr.h"
#include "netlink/nl_gate.h"
#include "netlink/nl_gate_left.h"
#include "vipd/state_file.h"
#include "vrrp/addr.h"

/* None of the addresses is on this machine: 0, else a negative errno and a sentence. */
static int check_unbound(const struct nl_gate_left *left, struct vip_err *err)
{
	struct nl_addr_ctx *addrs = NULL;
	int code = nl_addr_open(&addrs, err);

	for (size_t i = 0; i < left->count && code == 0; i++) {
		char text[VRRP_ADDR_TEXT_MAX];
		struct nl_addr_found found;

		code = nl_addr_find(addrs, &left->addrs[i], &found, err);
		if (code == 1) {
			code = vip_err_set(err, -EBUSY,
				"%s is still on this host, and would answer: it goes by itself in %u s, or with ip "
				"addr del",
				vrrp_addr_format(&left->addrs[i], text), found.valid_lft_s);
		}
	}
	nl_addr_close(addrs);
	return code;
}

/* The number of filters that went, or a negative errno. */
static int remove_one(const struct nl_gate_left *left, struct vip_err *err)
{
	struct state_lock lock = { -1, -1 };
	int code = state_lock_take_vrid(left->vrid, &lock, err);

	if (code == 0) {
		code = check_unbound(left, err);
	}
	if (code == 0) {
		code = nl_gate_remove(left->vrid, err);
	}
	state_lock_release(&lock);
	return code;
}

int vipctl_gate_remove(bool json)
{
	struct nl_gate_left *left = NULL;
	struct vip_err err = { "" };
	json_t *result = json_array();
	int count = nl_gate_left_list(&left, &err);
	bool refused = count < 0;

	if (refused) {
		fprintf(stderr, "vipctl: %s\n", err.text);
	}
	for (int i = 0; i < count; i++) {
		int removed = remove_one(&left[i], &err);

		if (removed < 0) {
			refused = true;
			fprintf(stderr, "vipctl: vrid %u: %s\n", left[i].vrid, err.text);
			continue;
		}
		if (!json) {
			printf("vrid %u: gate removed, %d filters\n", left[i].vrid, removed);
		}
		(void)json_array_append_new(result, json_pack("{s:i, s:i}", "vrid", left[i].vrid, "filters", removed));
	}
	if (json) {
		json_dumpf(result, stdout, JSON_ENSURE_ASCII);
		printf("\n");
	} else if (count == 0) {
		printf("no gate stands on this host\n");
	}
	json_decref(result);
	free(left);
	return refused ? 1 : 0;
}

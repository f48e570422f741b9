#include "vipd/config_differ.h"

#include <stdio.h>
#include <string.h>

#include "vipd/config_digest.h"
#include "vrrp/core.h"

#define WORD_SIZE (VRRP_NAME_MAX + 64)

/* What of one of our members is not as it is there; NULL = nothing. */
static const char *member_differs(const struct vrrp_member_entry *mine, const struct vrrp_member_entry *theirs)
{
	if (theirs == NULL) {
		return "only here";
	}
	if (theirs->hash != mine->hash) {
		return "another name or address there";
	}
	return theirs->flags != mine->flags ? "witness, nofailover or vote_data" : NULL;
}

size_t config_differ(const struct config_instance *instance, const struct vrrp_core_config *own,
	const struct vrrp_report *report, void (*word)(void *context, const char *text), void *context)
{
	struct vrrp_member_list mine = vrrp_core_config_members(own);
	char text[WORD_SIZE];
	size_t count = 0;

	if (report->members.count == 0) {
		return 0; /* an older release does not tell */
	}
	for (unsigned i = 0; i < VRRP_REPORT_KEYS; i++) {
		const char *name = config_digest_key_name(i);

		if (report->key_hash[i] != own->key_hash[i]) {
			word(context, name != NULL ? name : "a key of a later version");
			count++;
		}
	}
	for (size_t i = 0; i < own->member_count; i++) {
		uint8_t id = own->member[i].id;
		const char *what =
			member_differs(vrrp_member_list_find(&mine, id), vrrp_member_list_find(&report->members, id));

		if (what != NULL) {
			(void)snprintf(text, sizeof(text), "member %s (%s)", instance->member[i].name, what);
			word(context, text);
			count++;
		}
	}
	for (size_t i = 0; i < report->members.count; i++) {
		if (vrrp_member_list_find(&mine, report->members.entry[i].id) == NULL) {
			(void)snprintf(text, sizeof(text), "member of id %u (only there)", report->members.entry[i].id);
			word(context, text);
			count++;
		}
	}
	return count;
}

static void join(void *context, const char *text)
{
	char *joined = context;
	size_t used = strlen(joined);

	(void)snprintf(joined + used, CONFIG_DIFFER_TEXT_SIZE - used, "%s%s", used > 0 ? ", " : "", text);
}

size_t config_differ_text(const struct config_instance *instance, const struct vrrp_core_config *own,
	const struct vrrp_report *report, char ret_text[CONFIG_DIFFER_TEXT_SIZE])
{
	ret_text[0] = '\0';
	return config_differ(instance, own, report, join, ret_text);
}

#include "vipd/config_differ.h"

#include <stdio.h>
#include <string.h>

#include "vipd/config_digest.h"

#define WORD_SIZE (VRRP_NAME_MAX + 64)

static unsigned flags_of(const struct vrrp_member_config *member)
{
	return (member->witness ? VRRP_MEMBER_WITNESS : 0) | (member->nofailover ? VRRP_MEMBER_NOFAILOVER : 0) |
	       (member->vote_data ? VRRP_MEMBER_VOTE_DATA : 0);
}

static const struct vrrp_member_config *member_find(const struct vrrp_core_config *own, uint8_t id)
{
	for (size_t i = 0; i < own->member_count; i++) {
		if (own->member[i].id == id) {
			return &own->member[i];
		}
	}
	return NULL;
}

/* What of one of our members is not as it is there; NULL = nothing. */
static const char *member_differs(
	const struct vrrp_core_config *own, size_t index, const struct vrrp_member_list *theirs)
{
	const struct vrrp_member_entry *entry = vrrp_member_list_find(theirs, own->member[index].id);

	if (entry == NULL) {
		return "only here";
	}
	if (entry->hash != own->member[index].hash) {
		return "another name or address there";
	}
	return entry->flags != flags_of(&own->member[index]) ? "witness, nofailover or vote_data" : NULL;
}

size_t config_differ(const struct config_instance *instance, const struct vrrp_core_config *own,
	const struct vrrp_report *report, void (*word)(void *context, const char *text), void *context)
{
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
		const char *what = member_differs(own, i, &report->members);

		if (what != NULL) {
			(void)snprintf(text, sizeof(text), "member %s (%s)", instance->member[i].name, what);
			word(context, text);
			count++;
		}
	}
	for (size_t i = 0; i < report->members.count; i++) {
		if (member_find(own, report->members.entry[i].id) == NULL) {
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

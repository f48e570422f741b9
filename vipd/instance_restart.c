/* Restart with the lease kept: the token's file, and who asks for it. Pause, and the rate of the clock. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/instance.h"
#include "vipd/log.h"
#include "vipd/token_text.h"

#define CLOCK_US VRRP_US_PER_S

static void token_name(const struct instance *instance, char ret_name[STATE_FILE_NAME_SIZE])
{
	(void)snprintf(ret_name, STATE_FILE_NAME_SIZE, "%s" INSTANCE_TOKEN_SUFFIX, instance->own->name);
}

void instance_token_take(struct instance *instance)
{
	char text[TOKEN_TEXT_SIZE];
	char name[STATE_FILE_NAME_SIZE];
	struct vrrp_token token = { 0 };
	struct vip_err err = { "" };
	size_t size = 0;
	int code;

	token_name(instance, name);
	code = state_file_load(instance->dir_fd, name, text, sizeof(text), &size, &err);
	if (code == -ENOENT) {
		return;
	}
	if (code == 0) {
		code = token_text_read(text, instance->boot_id, instance->own->name, &token, &err);
	}
	if (code < 0) {
		log_warning(instance->own->name, "%s: %s; not used", name, err.text);
	}
	/* Gone, durably, before anything is done by it: a token is used once [B5]. One that stays is not used, and its
	 * ballot not released: until its end nobody else can be elected. */
	if (state_file_remove(instance->dir_fd, name, &err) < 0) {
		log_err(instance->own->name, "%s; not used", err.text);
		return;
	}
	instance->token = token;
}

void instance_token_act(struct instance *instance, uint64_t ticket)
{
	const struct vrrp_token *token = &instance->core.token;
	struct vrrp_event failed = { .kind = VRRP_EVENT_TOKEN, .ticket = ticket, .ok = false };
	char name[STATE_FILE_NAME_SIZE];
	char text[TOKEN_TEXT_SIZE];
	struct vip_err err = { "" };
	size_t size = 0;
	int code;

	token_name(instance, name);
	if (vrrp_ballot_is_none(&token->ballot)) {
		code = state_writer_submit(instance->writer, name, ticket, NULL, 0, &err);
	} else if (instance->binds_failed > 0) {
		code = vip_err_set(&err, -EIO, "the address could not be kept for so long");
	} else {
		size = token_text_write(token, instance->boot_id, instance->own->name, text, sizeof(text));
		code = state_writer_submit(instance->writer, name, ticket, text, size, &err);
	}
	if (code < 0) {
		log_err(instance->own->name, "restart: %s", err.text);
		instance_post(instance, &failed);
	}
}

void instance_restart(struct instance *instance)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_RESTART };

	instance_step(instance, &event);
}

void instance_pause(struct instance *instance, bool pause)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_PAUSE, .ok = pause };

	instance_step(instance, &event);
}

uint32_t instance_clock_excess_ppm(struct instance *instance)
{
	struct timex timex;
	int code = clock_rate_read(&timex);

	if (code < 0) {
		if (!instance->clock_refused) {
			log_warning(instance->own->name,
				"the rate of this host's clock cannot be read (%s): max_drift is not watched",
				strerror(-code));
		}
		instance->clock_refused = true;
		return instance->core.clock_excess_ppm;
	}
	return clock_rate_excess_ppm(&timex, instance->core.config.max_drift_ppm);
}

void instance_clock_look(struct instance *instance)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_CLOCK };

	event.clock_excess_ppm = instance_clock_excess_ppm(instance);
	if (event.clock_excess_ppm != instance->core.clock_excess_ppm) {
		instance_step(instance, &event);
	}
}

static int on_clock(sd_event_source *source, uint64_t at, void *user)
{
	(void)at;
	(void)sd_event_source_set_time(source, (uint64_t)clock_now().us + CLOCK_US);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	instance_clock_look(user);
	return 0;
}

int instance_clock_open(struct instance *instance)
{
	int code = sd_event_add_time(instance->loop, &instance->clock_timer, CLOCK_BOOTTIME,
		(uint64_t)clock_now().us + CLOCK_US, CLOCK_US / 10, on_clock, instance);

	return code < 0 ? code : sd_event_source_set_priority(instance->clock_timer, INSTANCE_PRIORITY_STATE);
}

#include "vipd/fence.h"

#include <stdio.h>

int fence_start(struct fence *fence, const struct config_instance *instance, size_t self, uint64_t ticket,
	struct vrrp_time now, struct vip_err *err)
{
	char name[CONFIG_NAME_SIZE + 16];
	char member[CONFIG_NAME_SIZE + 16];
	const char *const env[] = { name, member, NULL };
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	struct exec_spec spec = { .argv = argv,
		.env = env,
		.timeout_ms = instance->promote_timeout_us / VRRP_US_PER_MS,
		.capture = EXEC_CAPTURE_TAIL };
	int code;

	fence_close(fence);
	code = exec_command_split(instance->fence_command, storage, argv, err);
	if (code < 0) {
		return code;
	}
	(void)snprintf(name, sizeof(name), "VIPD_INSTANCE=%s", instance->name);
	(void)snprintf(member, sizeof(member), "VIPD_MEMBER=%s", instance->member[self].name);
	spec.file = argv[0];
	fence->ticket = ticket;
	return exec_start(&spec, now, &fence->child, err);
}

bool fence_run(struct fence *fence, struct vrrp_time now, bool *ret_ok, struct vip_err *err)
{
	enum exec_status status;

	if (fence->child == NULL) {
		return false;
	}
	status = exec_run(fence->child, now);
	if (status == EXEC_RUNNING) {
		return false;
	}
	*ret_ok = status == EXEC_EXITED && exec_result(fence->child).code == 0;
	if (!*ret_ok) {
		exec_result_describe(fence->child, err->text, sizeof(err->text));
	}
	fence_close(fence);
	return true;
}

int fence_fd(const struct fence *fence)
{
	return fence->child == NULL ? -1 : exec_fd(fence->child);
}

struct vrrp_time fence_deadline(const struct fence *fence)
{
	return fence->child == NULL ? VRRP_TIME_NEVER : exec_deadline(fence->child);
}

void fence_close(struct fence *fence)
{
	exec_free(fence->child);
	fence->child = NULL;
}

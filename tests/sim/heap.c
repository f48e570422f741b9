#include "tests/sim/sim.h"

#include <assert.h>
#include <stdlib.h>

#define HEAP_FIRST_SIZE 256

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void sim_heap_push(struct sim_heap *heap, const struct sim_event *event)
{
	struct sim_event added = *event;
	size_t at = heap->count;

	if (heap->count == heap->size) {
		heap->size = heap->size ? 2 * heap->size : HEAP_FIRST_SIZE;
		heap->event = realloc(heap->event, heap->size * sizeof(*heap->event));
		assert(heap->event != NULL);
	}
	added.order = heap->order++;
	heap->count++;
	while (at > 0 && earlier(&added, &heap->event[(at - 1) / 2])) {
		heap->event[at] = heap->event[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->event[at] = added;
}

bool sim_heap_pop(struct sim_heap *heap, struct sim_event *ret_event)
{
	struct sim_event last;
	size_t at = 0;

	if (heap->count == 0) {
		return false;
	}
	*ret_event = heap->event[0];
	last = heap->event[--heap->count];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap->count) {
			break;
		}
		if (child + 1 < heap->count && earlier(&heap->event[child + 1], &heap->event[child])) {
			child++;
		}
		if (!earlier(&heap->event[child], &last)) {
			break;
		}
		heap->event[at] = heap->event[child];
		at = child;
	}
	heap->event[at] = last;
	return true;
}

void sim_heap_deinit(struct sim_heap *heap)
{
	free(heap->event);
	*heap = (struct sim_heap){ 0 };
}

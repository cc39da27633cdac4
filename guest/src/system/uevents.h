/* Waiting for devices to appear, woken by the kernel's device events and not by a clock. */
#ifndef BANGER_SYSTEM_UEVENTS_H
#define BANGER_SYSTEM_UEVENTS_H

#include <stdbool.h>

/*
 * Asks `found` now and after every device event until it says yes or the time is over; `found` is
 * asked only after the event socket is open, so nothing is missed between asking and waiting.
 */
bool wait_for_device(bool (*found)(void *context), void *context, int limit_ms);

#endif

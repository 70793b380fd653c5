# SPDX-License-Identifier: MIT
# `select` on the virtual clock, for asyncio's waits.  Only MicroPython stream objects (ThreadSafeFlag) are polled.
#
# The ESP32 port waits in ticks of a 100 Hz RTOS: every timed wait ends on a 10 ms grid, unless an interrupt or a
# scheduled callback wakes it.
import world_link

POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16
_IOCTL_POLL = 3
_RTOS_TICK_US = 10_000


class _Poll:
    def __init__(self):
        self._objects = {}
        self._events = {}

    def register(self, obj, events=POLLIN | POLLOUT):
        self._objects[id(obj)] = obj
        self._events[id(obj)] = events

    def modify(self, obj, events):
        self._events[id(obj)] = events

    def unregister(self, obj):
        self._objects.pop(id(obj), None)
        self._events.pop(id(obj), None)

    def _ready(self):
        found = []
        for key, obj in self._objects.items():
            mask = obj.ioctl(_IOCTL_POLL, self._events[key])
            if mask:
                found.append((obj, mask))
        return found

    def poll(self, timeout_ms=-1):
        found = self._ready()
        if found or timeout_ms == 0:
            if not found:
                world_link.wait(world_link.now_us)
                found = self._ready()
            return found
        if timeout_ms < 0:
            until = 1 << 62
        else:
            until = (world_link.now_us // 1000 + timeout_ms) * 1000  # deadlines are kept in whole ms
            until += -until % _RTOS_TICK_US
        world_link.wait(until, self._ready)
        return self._ready()

    def ipoll(self, timeout_ms=-1, flags=0):
        return iter(self.poll(timeout_ms))


def poll():
    return _Poll()

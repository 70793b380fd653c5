# SPDX-License-Identifier: MIT
# The firmware process's only way out: requests to the virtual world over two pipes, one at a time.
#
# A request carries this side's time, and bytes if it has any (`raw`); the answer brings the world's time, the result
# (bytes go straight into the buffer `into`) and the interrupts that came in meanwhile, which run here, between the
# request and whatever the firmware does next.  On the ESP32 they may come at any bytecode; here they come at any access
# to hardware, which is where shared state is touched.
import json
import struct
import sys
from os import getenv

_out = open(int(getenv("KNEESENSE_WORLD_OUT")), "wb")
_in = open(int(getenv("KNEESENSE_WORLD_IN")), "rb")

now_us = 0
handlers = {}  # kind of interrupt -> function(payload) -> value for the world, or None
_queue = []
_running = False


def _exactly(n):
    data = b""
    while len(data) < n:
        more = _in.read(n - len(data))
        if not more:
            raise SystemExit  # the world is gone
        data += more
    return data


def _fill(buf):
    at = 0
    while at < len(buf):
        n = _in.readinto(buf[at:])
        if not n:
            raise SystemExit
        at += n


def call(op, *args, raw=b"", into=None):
    global now_us
    body = json.dumps((now_us, op, args))
    _out.write(struct.pack("<II", len(body), len(raw)))
    _out.write(body)
    if raw:
        _out.write(raw)
    size, raw_size = struct.unpack("<II", _exactly(8))
    now_us, ok, value, interrupts = json.loads(_exactly(size))
    if raw_size:
        _fill(memoryview(into)[:raw_size])
    _queue.extend(interrupts)
    if _queue and not _running:
        _run()
    if not ok:
        raise OSError(value)
    return value


def _run():
    global _running
    _running = True
    try:
        while _queue:
            number, kind, payload = _queue.pop(0)
            value = None
            handler = handlers.get(kind)
            if handler:
                try:
                    value = handler(payload)
                except Exception as e:
                    sys.stderr.write("Unhandled exception in IRQ callback handler\n")
                    sys.print_exception(e, sys.stderr)
            if number:
                call("done", number, value)
    finally:
        _running = False


_timers = []  # [next_us, period_us, function] of machine.Timer


def timer_add(entry):
    _timers.append(entry)


def timer_remove(entry):
    if entry in _timers:
        _timers.remove(entry)


_in_callback = False


def wait(until_us, stop=None):
    # Sleep to until_us; timers and interrupts run meanwhile.  Ends early when stop() is true after one of them.
    while True:
        next_us = until_us
        if not _in_callback:
            for t in _timers:
                if t[0] < next_us:
                    next_us = t[0]
        call("idle", next_us)
        if not _in_callback:
            _run_timers()
        if now_us >= until_us or (stop and stop()):
            return


def _run_timers():
    # As the scheduler runs soft callbacks: one at a time, never one within another, missed periods merged into one.
    global _in_callback
    for t in _timers:
        if t[0] <= now_us:
            if t[1]:
                t[0] += ((now_us - t[0]) // t[1] + 1) * t[1]
            else:
                timer_remove(t)
            _in_callback = True
            try:
                t[2]()
            finally:
                _in_callback = False

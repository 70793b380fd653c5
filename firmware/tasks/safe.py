# SPDX-License-Identifier: MIT
"""What the safe program needs in the place of parts it does without."""

import asyncio

_SLEEP_AFTER_S = 1800
_RESTART_MS = 1000

# In the place of a body (body.py) and a voice: nothing goes on, nothing moves, no motor has met a fault.
busy = failed = False
quiet = True


def moved() -> bool:
    return False


def end() -> None:
    pass


def arm() -> bool:
    return False


def state() -> str:
    return "safe_mode"


class NoLog:
    """In the place of one that cannot be opened: empty, and takes nothing."""

    next_seq = first_seq = 1
    acked_seq = damaged = worst_ms = 0
    capacity_bytes = used_bytes = unfetched_bytes = erased_bytes = 0
    told_full = False

    def append(self, frame: bytes, last: bool = False) -> None:
        raise OSError("it cannot be opened")

    def read(self, from_seq: int, to_seq: int):
        return iter(())

    def acknowledge(self, seq: int) -> None:
        pass

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


class Settings:
    """Of the kept ones only the battery's, and the unit's sleep in this mode."""

    def __init__(self, settings, state) -> None:
        default = settings.find("battery_stop_mv").default
        self._values = {
            "battery_stop_mv": state.load("settings.json", {}).get("battery_stop_mv", default),
            "sleep_after_s": _SLEEP_AFTER_S,
        }

    def get(self, name: str) -> int:
        return self._values[name]


def opened(make_log):
    try:
        return make_log()
    except Exception as error:
        print("no log:", repr(error))
        return NoLog()


async def kept_going(task) -> None:
    while True:
        try:
            await task()
        except Exception as error:
            print("failed:", repr(error))
        await asyncio.sleep_ms(_RESTART_MS)

# SPDX-License-Identifier: MIT
"""What the safe program needs in the place of parts it does without."""

import asyncio

_SLEEP_AFTER_S = 1800
_RESTART_MS = 1000

# In the place of a body (body.py) and a voice: nothing goes on, nothing moves, no motor has met a fault.
busy = failed = False
strap_session = 0
quiet = True


def moved() -> bool:
    return False


def end() -> None:
    pass


def arm() -> bool:
    return False


def state() -> str:
    return "safe_mode"


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


def opened(make_log, clock):
    try:
        return make_log(clock)
    except Exception as error:
        print("no log:", repr(error))
        from drivers.nolog import NoLog

        return NoLog()


async def kept_going(task) -> None:
    while True:
        try:
            await task()
        except Exception as error:
            print("failed:", repr(error))
        await asyncio.sleep_ms(_RESTART_MS)

# SPDX-License-Identifier: MIT
"""Dates: the epochs, each named once; text of them; what a user means by one.

Everything kept is microseconds: `utc_us` of UTC since 1970, or `t_us` of a unit's time since its boot.  JSON and files
carry UTC with Z and milliseconds, people read local time to the minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from .errors import InputError

# Seconds between 1970-01-01 UTC and where others begin to count.
EPOCH_2000_S = 946_684_800  # MicroPython's time.time() on the ESP32: 2000-01-01
EPOCH_FIT_S = 631_065_600  # FIT files: 1989-12-31
FIRST_UTC_US = (
    1_704_067_200_000_000  # 2024-01-01: a computer whose clock shows less does not know what time it is
)
END_UTC_US = 4_102_444_800_000_000  # 2100-01-01: nor does one that shows more


def is_date(us: int) -> bool:
    """Whether a unit may have been there at that moment."""
    return FIRST_UTC_US <= us < END_UTC_US


def to_fit(us: int) -> int:
    """FIT's date_time of microseconds since 1970; the same of local time is its local_date_time."""
    return us // 1_000_000 - EPOCH_FIT_S


def to_2000(us: int) -> int:
    """Seconds since 2000, as MicroPython counts on the ESP32."""
    return us // 1_000_000 - EPOCH_2000_S


def offset_s(us: int) -> int:
    """How far this computer's zone is ahead of UTC at that moment, in seconds."""
    return round(_local(us).utcoffset().total_seconds())  # type: ignore[union-attr]  # astimezone always sets one


def utc(us: int) -> str:
    """ISO 8601 of microseconds since 1970, as `2030-01-02T03:04:05.678Z`."""
    return _iso(datetime.fromtimestamp(us / 1e6, UTC))


def utc_now() -> str:
    """The same of now."""
    return _iso(datetime.now(UTC))


def now_us() -> int:
    """Now, in microseconds since 1970."""
    return round(datetime.now(UTC).timestamp() * 1e6)


def local(iso: str | None) -> str:
    """An ISO date in this computer's time zone, as `2030-01-02 04:04`; words where it is unknown."""
    return f"{_moment(iso):%Y-%m-%d %H:%M}" if iso else "date unknown"


def with_zone(iso: str) -> str:
    """The same with the zone's offset, as `2030-01-02 04:04 +01:00`."""
    moment = _moment(iso)
    return f"{moment:%Y-%m-%d %H:%M} {_zone(moment)}"


def within(iso: str, bounds: Sequence[str | None] | None) -> bool:
    """Whether a date may lie between an earliest and a latest one, to the minute that people give."""
    moment = datetime.fromisoformat(iso)
    earliest, latest = (datetime.fromisoformat(end) if end else None for end in bounds or (None, None))
    late_enough = earliest is None or moment >= earliest - timedelta(minutes=1)
    return late_enough and (latest is None or moment <= latest + timedelta(minutes=1))


def between(bounds: Sequence[str | None] | None) -> str:
    """Words for a date of which only an earliest and a latest moment are known."""
    earliest, latest = bounds or (None, None)
    if earliest and latest:
        return f"between {local(earliest)} and {local(latest)}"
    if earliest or latest:
        return f"after {local(earliest)}" if earliest else f"before {local(latest)}"
    return "date unknown"


def span(start: str | None, end: str | None) -> str:
    """From when to when, local; with the zone's offsets where they differ, as at the end of daylight saving."""
    if not start or not end:
        return local(start)
    first, last = _moment(start), _moment(end)
    to = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    if first.utcoffset() == last.utcoffset():
        return f"{first:%Y-%m-%d %H:%M} to {to}"
    return f"{with_zone(start)} to {to} {_zone(last)}"


def zone_changed(start: str | None, end: str | None) -> bool:
    """Whether the clocks on the wall were changed in between."""
    if not start or not end:
        return False
    return _moment(start).utcoffset() != _moment(end).utcoffset()


def day(us: int) -> date:
    """The local day of that moment."""
    return _local(us).date()


def day_meant(text: str) -> date:
    """A day that a user gives, as `2026-11-30`.  Raises InputError."""
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        found = date.min
    if not 1970 <= found.year < 2100:
        raise InputError(f"{text} is no day", "such as 2026-11-30")
    return found


def day_or_moment(text: str) -> int:
    """Microseconds since 1970 of where a day that a user gives begins, local; or as `meant`.  Raises InputError."""
    if len(text.strip()) > len("2026-11-30"):
        return meant(text)
    begin = datetime.combine(day_meant(text), time()).astimezone()
    return round(begin.timestamp() * 1e6)


def meant(text: str) -> int:
    """Microseconds since 1970 of a date and time that a user gives: local, unless it has a zone.  Raises InputError."""
    advice = "such as 2026-11-30T07:15, local time, or 2026-11-30T06:15Z"
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{text} is no date with a time", advice) from None
    if len(text.strip()) <= len("2026-11-30"):
        raise InputError(f"{text} has no time of day", advice)
    if given.tzinfo is None:
        meant = given.astimezone()
        if meant.replace(tzinfo=None) != given:
            raise InputError(f"there was no {text} here: the clocks went forward", "give it with its zone")
        given = meant
    us = round(given.timestamp() * 1e6)
    if us < FIRST_UTC_US:
        raise InputError(f"{text} is before there were units", advice)
    if us >= END_UTC_US:
        raise InputError(f"{text} is beyond this century", advice)
    return us


def _local(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1e6, UTC).astimezone()


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso).astimezone()


def _zone(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

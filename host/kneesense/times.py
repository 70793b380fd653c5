# SPDX-License-Identifier: MIT
"""Dates as text: UTC with Z and milliseconds in JSON and in files, local time to the minute for people."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(us: int) -> str:
    """ISO 8601 of microseconds since 1970, as `2030-01-02T03:04:05.678Z`."""
    return _iso(datetime.fromtimestamp(us / 1e6, UTC))


def utc_now() -> str:
    """The same of now."""
    return _iso(datetime.now(UTC))


def local(iso: str | None) -> str:
    """An ISO date in this computer's time zone, as `2030-01-02 04:04`; words where it is unknown."""
    if not iso:
        return "date unknown"
    return f"{datetime.fromisoformat(iso).astimezone():%Y-%m-%d %H:%M}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

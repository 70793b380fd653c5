# SPDX-License-Identifier: MIT
"""Contract records as lines of text: the same for a live run, a stored one, a replay and the demo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Values = Mapping[str, Any]


def line(record: Values) -> str | None:
    """One line for a record of the contract; None for a type that has none.  Unknown values are shown as `-`."""
    make = _LINES.get(record["type"])
    return make(record) if make else None


def number(value: float | None, pattern: str = "{:.1f}") -> str:
    """A number, or `-` where it is unknown."""
    return "-" if value is None else pattern.format(value)


def clock(seconds: float | None) -> str:
    """Minutes and seconds."""
    if seconds is None:
        return "-"
    tenths = round(10 * seconds)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _start(r: Values) -> str:
    return f"run {r['run'] or ''} started {r['start_utc'] or '(date unknown)'}: {r['side']} leg, {r['rate_hz']} Hz"


def _stride(r: Values) -> str:
    flags = " ".join(r["flags"])
    return (
        f"{r['stride']:>5} {clock(r['ic_s']):>7} {r['gait']:<6} {number(r['cadence_spm']):>5} spm"
        f"  contact {number(r['contact_s'], '{:.3f}'):>5} s {number(r['pta_axial_g']):>4} g"
        f" lean {number(r['lean_mid_deg'], '{:+.1f}'):>5}  {r['cue_state'] or ''}  {flags}".rstrip()
    )


def _cue(r: Values) -> str:
    return (
        f"      {clock(r['t_s']):>7} CUE    {r['direction']} {r['rule']}: {number(r['value'])},"
        f" target {number(r['target'])} +- {number(r['band'])}; buzzed {r['pulse_ms']} ms"
    )


def _gap(r: Values) -> str:
    return f"      {clock(r['t_s']):>7} gap of {number(r['duration_s'], '{:.3f}')} s: {r['reason']}"


def _mark(r: Values) -> str:
    return f"      {clock(r['t_s']):>7} mark: {r['kind']}"


def _told(r: Values) -> str:
    at = "" if r["t_s"] is None else clock(r["t_s"])
    return f"      {at:>7} {r['message']}"


def _session(r: Values) -> str:
    return f"       session {r['session']} of the programme: {dose(r)}"


def dose(r: Values) -> str:
    """A session's dose and retention in words."""
    minutes = f"{r['run_s'] / 60:.0f} of {r['planned_s'] / 60:.0f} min, {r['cues']} cues"
    shares = [
        f"{_percent(r[f'{block}_in_band'])} in band {word} cues"
        for block, word in (("on", "with"), ("off", "without"))
        if r[f"{block}_strides"]
    ]
    return ", ".join([minutes, *shares]) + ("" if r["complete"] else " (to be repeated)")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _summary(r: Values) -> str:
    return (
        f"{r['strides']} strides in {clock(r['duration_s'])}"
        f" (run {clock(r['run_s'])}, walk {clock(r['walk_s'])}, still {clock(r['still_s'])}),"
        f" {number(r['mean_cadence_spm'])} spm on average, {r['cues']} cues,"
        f" {r['gaps']} gaps ({number(r['gap_s'])} s)"
    ) + (f"\nlog: {r['log']}" if r["log"] else "")


_LINES: dict[str, Callable[[Values], str]] = {
    "start": _start,
    "stride": _stride,
    "cue": _cue,
    "gap": _gap,
    "mark": _mark,
    "alert": lambda r: "!" + _told(r)[1:],
    "link": _told,
    "session": _session,
    "check": lambda r: f"{'ok' if r['ok'] else 'FAILED':<6}  {r['name']}: {r['detail']}",
    "summary": _summary,
}

# SPDX-License-Identifier: MIT
"""Contract records as lines of text: the same for a live run, a stored one, a replay and the demo.

A line of a stride fits 79 columns.  Unknown values are shown as `-`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..cadence import of_running
from ..times import between, local, span, zone_changed

Values = Mapping[str, Any]

_FLAG_ROOM = 17  # columns
_SHORT = {
    "gap_before": "gap",
    "backdated": "late",
    "strap_loose": "loose",
    "bias_unsettled": "bias",
    "metric_missing": "miss",
    "shaken": "motor",
}


def line(record: Values) -> str | None:
    """The text of a record of the contract; None for a type that has none."""
    make = _LINES.get(record["type"])
    return make(record) if make else None


def number(value: float | None, pattern: str = "{:.1f}") -> str:
    """A number, or `-` where it is unknown."""
    return "-" if value is None else pattern.format(value)


def count(n: int, what: str) -> str:
    """`1 cue`, `2 cues`."""
    return f"{n} {what}{'' if n == 1 else 's'}"


def size(count: int) -> str:
    """Bytes, as KB or MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def clock(seconds: float | None) -> str:
    """Minutes and seconds."""
    if seconds is None:
        return "-"
    tenths = round(10 * seconds)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def summed_up(summary: Values, records: Sequence[Values]) -> str:
    """The end of a run: its summary, the cadence of the running among its records, what the flags mean if there are."""
    strides = f"{count(summary['strides'], 'stride')} in {clock(summary['duration_s'])}"
    cadence = of_running(records)
    if cadence is not None:
        strides += f", running at {cadence:.1f} spm"
    told = [f"{strides}; {count(summary['cues'], 'cue')}"]
    if summary["run_s"] is not None:
        parts = [f"{name} {clock(summary[f'{name}_s'])}" for name in ("run", "walk", "unsure", "still")]
        told.append(", ".join(parts) + f", {count(summary['gaps'], 'gap')} {clock(summary['gap_s'])}")
    elif summary["gaps"]:
        told.append(count(summary["gaps"], "gap"))
    start_utc = next((r["start_utc"] for r in records if r["type"] == "start"), None)
    end_utc = summary.get("end_utc")
    if zone_changed(start_utc, end_utc):
        told.append(f"the clocks were changed meanwhile: {span(start_utc, end_utc)}")
    if any(r["flags"] for r in records if r["type"] == "stride"):
        told.append("what the flags of a stride mean: kneesense show --help")
    if summary["log"]:
        told.append(f"log: {summary['log']}")
    return "\n".join(told)


def _start(r: Values) -> str:
    session = f", session {r['session']} of the programme" if r["session"] else ""
    when = local(r["start_utc"]) if r["start_utc"] else between(r["utc_bounds"])
    said = " (as you say)" if r["utc_source"] == "user" else ""
    return f"run {r['run'] or ''} started {when}{said}: {r['side']} leg, {r['rate_hz']} Hz{session}"


def _stride(r: Values) -> str:
    return (
        f"{r['stride']:>5} {clock(r['ic_s']):>7} {r['gait']:<6} {number(r['cadence_spm']):>5} spm"
        f" {number(r['contact_s'], '{:.3f}'):>5} s {number(r['pta_axial_g']):>5} g"
        f" lean {number(r['lean_mid_deg'], '{:+.1f}'):>5} deg {_flags(r['flags'])}".rstrip()
    )


def _flags(names: list[str]) -> str:
    """Short names, as many as there is room for, then how many more."""
    words = [_SHORT.get(name, name) for name in names]
    shown = len(words)
    while shown and len(text := ",".join([*words[:shown], *_more(len(words) - shown)])) > _FLAG_ROOM:
        shown -= 1
    return text if shown else "".join(_more(len(words)))


def _more(n: int) -> list[str]:
    return [f"+{n}"] if n else []


def event(t_s: float | None, text: str) -> str:
    """Something that happened between strides."""
    return f"      {'' if t_s is None else clock(t_s):>7} {text}"


def _cue(r: Values) -> str:
    return event(
        r["t_s"],
        f"CUE    {r['direction']} {r['rule']}: {number(r['value'])},"
        f" target {number(r['target'])} +- {number(r['band'])}; {r['pulse_ms']} ms",
    )


def _gap(r: Values) -> str:
    return event(r["t_s"], f"gap of {number(r['duration_s'], '{:.3f}')} s: {r['reason']}")


def _told(r: Values) -> str:
    return event(r["t_s"], r["message"])


def _delivery(r: Values) -> str | None:
    """Only what did not get out: the alert itself was told."""
    failed = "; ".join(f"{name}: {why}" for name, why in r["why"].items())
    return event(r["t_s"], f"alert {r['code']} not delivered by {failed}") if failed else None


def _session(r: Values) -> str:
    minutes = f"{r['run_s'] / 60:.0f} of {r['planned_s'] / 60:.0f} min"
    in_band = [
        f"{share:.0%} {word}"
        for share, word in ((r["on_in_band"], "with"), (r["off_in_band"], "without"))
        if share is not None
    ]
    shares = f", in band {', '.join(in_band)} cues" if in_band else ""
    again = "" if r["complete"] else " (repeat)"
    return event(r["t_s"], f"session {r['session']}: {minutes}, {count(r['cues'], 'cue')}{shares}{again}")


_QUANTITIES = {  # key of a stride record -> words, unit, digits
    "contact_s": ("contact time", "s", 3),
    "stride_s": ("stride time", "s", 3),
    "step_s": ("step time", "s", 3),
    "pta_axial_g": ("peak acceleration", "g", 2),
    "lean_range_deg": ("range of lean", "deg", 1),
}


def _pair(r: Values) -> str:
    if not r["gait"]:
        return "both legs: too few strides to compare"
    gait = {"run": "running", "walk": "walking"}.get(r["gait"], r["gait"])
    clocks = f"clocks sure to {number(r['clock_error_ms'], '{:.0f}')} ms"
    return f"both legs, {gait}: {count(r['matched'], 'stride')} matched by time, {clocks}"


def _symmetry(r: Values) -> str:
    words, unit, digits = _QUANTITIES.get(r["metric"], (r["metric"], "", 3))
    both = f"L {r['left']:.{digits}f}  R {r['right']:.{digits}f} {unit}"
    index = f"{r['index_percent']:+6.1f} +- {r['index_95']:4.1f} %"
    return f"  {words:<18} {both:<21} {index}{'  differs' if r['clear'] else ''}"


_LINES: dict[str, Callable[[Values], str | None]] = {
    "start": _start,
    "stride": _stride,
    "cue": _cue,
    "gap": _gap,
    "mark": lambda r: event(r["t_s"], f"mark: {r['kind']}"),
    "alert": lambda r: "!" + _told(r)[1:],
    "battery": lambda r: _told(r) if r["code"] == "battery_low" else None,
    "boot": _told,
    "delivery": _delivery,
    "link": _told,
    "pair": _pair,
    "session": _session,
    "symmetry": _symmetry,
    "warning": _told,
    "check": lambda r: f"{'ok' if r['ok'] else 'FAILED':<6}  {r['name']}: {r['detail']}",
}

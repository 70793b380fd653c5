# SPDX-License-Identifier: MIT
"""Reads a prescription, strictly: an unknown key, a wrong type or a number out of range is an error.

Every error names the file, the key and what is possible.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kneecore import programme, settings, wire

from . import cuesettings
from .errors import InputError
from .prescription import SCHEMA, PainRule, Prescription

# Of 10: beyond the middle of the scale no file can raise the limit.
_PAIN_MOST = 5

_KEYS: dict[str, dict[str, type]] = {
    "": {"schema": int, "author": str, "runner": str, "note": str},
    "cue": {"rule": str, "mode": str, "side": str, "every": int, "summary_s": int},
    "target": {
        "offset_pct": float,
        "offset_deg": float,
        "band_pct": float,
        "band_deg": float,
        "beat_spm": float,
    },
    "dose": {"minutes": list},
    "fade": {"with_s": list, "without_s": list},
    "pain": {"most": int, "back_within_min": int, "no_worse_next_morning": bool},
}
_TYPES = {
    int: "a whole number",
    str: "a text",
    float: "a number",
    list: "a list of whole numbers",
    bool: "true or false",
}


def load(file: Path) -> Prescription:
    """Read a file.  InputError with the file, the key and what is possible."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise InputError(f"{file}: no such file") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is no text in UTF-8") from None
    return loads(text, str(file))


def loads(text: str, name: str = "prescription") -> Prescription:
    """The same from its text; `name` begins every error."""
    try:
        return _Reader(tomllib.loads(text)).read()
    except (ValueError, RecursionError) as error:  # no TOML, or a number or nesting beyond all reason
        raise InputError(f"{name}: {error}") from None
    except InputError as error:
        raise InputError(f"{name}: {error}", error.advice) from None


@dataclass
class _Reader:
    """One document, table by table."""

    document: Mapping[str, Any]
    tables: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def read(self) -> Prescription:
        self._split()
        head = self.tables[""]
        if head.get("schema") != SCHEMA:
            raise InputError(f"schema = {head.get('schema', 'missing')}", f"schema = {SCHEMA}")
        author = head.get("author", "").strip()
        if not author:
            raise InputError("author is missing", 'author = "who prescribes it"')
        return Prescription(
            author=author,
            settings=self._settings(),
            sessions=self._sessions(),
            pain=self._pain(),
            runner=head.get("runner"),
            note=head.get("note"),
        )

    def _split(self) -> None:
        """Every key is known and of its type."""
        self.tables = {
            "": {key: value for key, value in self.document.items() if not isinstance(value, dict)}
        }
        for key, value in self.document.items():
            if isinstance(value, dict):
                if key not in _KEYS or not key:
                    raise InputError(
                        f"[{key}] is no part of a prescription", _near(key, [k for k in _KEYS if k])
                    )
                self.tables[key] = value
        for table, values in self.tables.items():
            for key, value in values.items():
                kind = _KEYS[table].get(key)
                if kind is None:
                    raise InputError(f"{_at(table, key)} is not known", _near(key, list(_KEYS[table])))
                if not _is(value, kind):
                    raise InputError(f"{_at(table, key)} = {value!r}", f"must be {_TYPES[kind]}")

    def _settings(self) -> dict[str, int]:
        """Everything of the cue, defaults included: a prescription leaves nothing to what the unit had before."""
        cue, target = self.tables.get("cue", {}), self.tables.get("target", {})
        rules = wire.RULES[1:]
        rule = _one_of(rules, cue.get("rule"), "[cue] rule")
        per_name = "deg" if rule == "lean" else "pct"
        other = "pct" if rule == "lean" else "deg"
        for key in (f"offset_{other}", f"band_{other}"):
            if key in target:
                raise InputError(f"[target] {key} is not of {rule}", f"{key.replace(other, per_name)}")
        names = [name for name in cuesettings.COACHED if name.startswith("cue_")]
        chosen = {name: settings.find(name).default for name in names}
        chosen["cue_rule"] = wire.RULES.index(rule)
        for name, key in (
            (cuesettings.offset_name(rule), f"offset_{per_name}"),
            (cuesettings.band_name(rule), f"band_{per_name}"),
        ):
            chosen[name] = settings.find(name).default
            if key in target:
                chosen[name] = cuesettings.step(name, target[key], f"[target] {key}")
        if "beat_spm" in target and rule != "metronome":
            raise InputError(f"[target] beat_spm is not of {rule}", 'only of rule = "metronome"')
        chosen["metronome_cspm"] = cuesettings.step(
            "metronome_cspm", target.get("beat_spm", 0), "[target] beat_spm"
        )
        for name, key, names_of in (
            ("cue_mode", "mode", cuesettings.MODES),
            ("cue_side", "side", cuesettings.SIDES),
        ):
            if key in cue:
                chosen[name] = names_of.index(_one_of(names_of, cue[key], f"[cue] {key}"))
        for name, key in (("cue_every", "every"), ("cue_summary_s", "summary_s")):
            if key in cue:
                chosen[name] = cuesettings.step(name, cue[key], f"[cue] {key}")
        return chosen

    def _sessions(self) -> tuple[tuple[int, int, int], ...]:
        """The default schedule, or the one of [dose] and [fade]."""
        dose, fade = self.tables.get("dose", {}), self.tables.get("fade", {})
        if not dose and not fade:
            return programme.DEFAULT
        minutes = dose.get("minutes", [row[0] for row in programme.DEFAULT])
        with_s = fade.get("with_s", [0] * len(minutes))
        without_s = fade.get("without_s", [0] * len(minutes))
        if not len(minutes) == len(with_s) == len(without_s) > 0:
            raise InputError(
                f"[dose] minutes has {len(minutes)} sessions, [fade] with_s {len(with_s)}, without_s {len(without_s)}",
                "one number a session in each",
            )
        sessions = tuple(zip(minutes, with_s, without_s, strict=True))
        check_sessions(sessions)
        return sessions

    def _pain(self) -> PainRule | None:
        pain = self.tables.get("pain")
        if pain is None:
            return None
        for key in _KEYS["pain"]:
            if key not in pain:
                raise InputError(
                    f"[pain] {key} is missing", "a graded rule has all of it; leave [pain] out to stop"
                )
        if not 0 <= pain["most"] <= _PAIN_MOST:
            raise InputError(f"[pain] most = {pain['most']}", f"must be 0 to {_PAIN_MOST} of 10")
        if not 5 <= pain["back_within_min"] <= 1440:
            raise InputError(f"[pain] back_within_min = {pain['back_within_min']}", "must be 5 to 1440")
        return PainRule(**pain)


def check_sessions(sessions: tuple[tuple[int, int, int], ...]) -> None:
    """InputError for a schedule the unit would not take, or whose blocks make no sense."""
    try:
        programme.encode(sessions)
    except programme.ProgrammeError as error:
        raise InputError(str(error)) from None
    for number, (_, with_s, without_s) in enumerate(sessions, 1):
        if with_s and not without_s:
            raise InputError(
                f"session {number}: {with_s} s with cues and none without", "0 and 0: cues throughout"
            )


def _is(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(_is(item, int) for item in value)
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _one_of(names: tuple[str, ...], value: str | None, what: str) -> str:
    if value not in names:
        raise InputError(
            f"{what} = {value!r}" if value else f"{what} is missing", f"one of {', '.join(names)}"
        )
    return value


def _near(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"


def _at(table: str, key: str) -> str:
    return f"[{table}] {key}" if table else key

# SPDX-License-Identifier: MIT
"""A prescription: which cue, towards which target, in which dose, how it fades, what to do on pain, and who says so.

A TOML file, described in docs/coaching.md; prescription_reader.py reads it.  Without a rule of its own pain means stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kneecore import wire
from kneecore.settings import Settings

from . import cuesettings
from .errors import InputError

SCHEMA = 1
STOP = "stop the activity; no more cues in this run"


@dataclass(frozen=True, slots=True)
class PainRule:
    """A clinician's graded rule; without one pain means stop."""

    most: int
    """Of 10: so much may be felt in the run."""
    back_within_min: int
    """The level of before must be reached again within so many minutes after it."""
    no_worse_next_morning: bool

    @property
    def text(self) -> str:
        """One sentence."""
        morning = " and is no worse next morning" if self.no_worse_next_morning else ""
        return (
            f"as prescribed: go on only while pain is at most {self.most}/10, is back to the level before within"
            f" {self.back_within_min} min{morning}; rising or sharp pain, or limping: {STOP}"
        )


@dataclass(frozen=True, slots=True)
class Prescription:
    """What is in the file.  `settings`: of the unit, by name; `sessions`: as in kneecore.programme."""

    author: str
    settings: Mapping[str, int]
    sessions: tuple[tuple[int, int, int], ...]
    pain: PainRule | None = None
    runner: str | None = None
    note: str | None = None

    @property
    def rule(self) -> str:
        """Name of the cue's rule."""
        return wire.RULES[self.settings["cue_rule"]]

    @property
    def pain_text(self) -> str:
        """What to do on pain."""
        return self.pain.text if self.pain else STOP


def composed(
    kept: Settings,
    sessions: tuple[tuple[int, int, int], ...],
    given: Prescription | None,
    author: str | None,
    runner: str,
    note: str | None,
) -> Prescription:
    """What a unit does as a prescription.

    `given`: the one in force.  As long as cue and sessions are still the same its author stands; a
    changed one needs an author of its own.  Its pain rule stays.
    """
    if not sessions:
        raise InputError("there is no programme on the unit", "kneesense programme set")
    if kept.get("cue_rule") == 0:
        raise InputError("cues are off on the unit", "kneesense cue --rule cadence")
    rule = wire.RULES[kept.get("cue_rule")]
    names = [name for name in cuesettings.COACHED if name.startswith("cue_")]
    names += [cuesettings.offset_name(rule), cuesettings.band_name(rule), "metronome_cspm"]
    found = {name: kept.get(name) for name in names}
    if author is None:
        if given is None:
            raise InputError("a prescription has an author", "--author NAME")
        if (given.settings, given.sessions) != (found, sessions):
            raise InputError(f"it is no longer what {given.author} prescribed", "--author NAME")
    return Prescription(
        author=author or (given.author if given else ""),
        settings=found,
        sessions=sessions,
        pain=given.pain if given else None,
        runner=runner,
        note=note if note is not None else given.note if given else None,
    )


def dumps(prescription: Prescription) -> str:
    """The file's text; `loads` gives the same prescription."""
    kept = Settings(**prescription.settings)
    setup = cuesettings.CueSetup.of(kept)
    per_name = "deg" if setup.rule == "lean" else "pct"
    head = {
        "schema": SCHEMA,
        "author": prescription.author,
        "runner": prescription.runner,
        "note": prescription.note,
    }
    offset = None if setup.beat_spm else setup.offset
    tables: dict[str, dict[str, Any]] = {
        "": head,
        "cue": {
            "rule": setup.rule,
            "mode": setup.mode,
            "side": setup.side,
            "every": setup.every if setup.mode == "every" else None,
            "summary_s": setup.summary_s if setup.mode == "summary" else None,
        },
        "target": {f"offset_{per_name}": offset, f"band_{per_name}": setup.band, "beat_spm": setup.beat_spm},
        "dose": {"minutes": [row[0] for row in prescription.sessions]},
        "fade": {
            "with_s": [row[1] for row in prescription.sessions],
            "without_s": [row[2] for row in prescription.sessions],
        },
    }
    if prescription.pain:
        tables["pain"] = asdict(prescription.pain)
    lines = []
    for table, values in tables.items():
        lines += ["", f"[{table}]"] if table else []
        lines += [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A TOML value of the types in _KEYS."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    return str(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character >= " " and character != "\x7f" else f"\\u{ord(character):04x}"

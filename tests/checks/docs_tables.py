# SPDX-License-Identifier: MIT
"""Writes the tables in docs/ from the code, or checks that they agree: `docs_tables.py --write` or `--check`.

A table stands between `<!-- table: NAME -->` and `<!-- end of table -->`; the rest of a page is written by hand.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from drivers.flashlog import RAW_RESERVE_BYTES
from kneecore import chips, gatt, sector, settings, wire
from kneecore.meanings import MEANINGS
from kneesense import columns, errors, fitfile, partitions, unitsettings
from kneesense.cli.app import COMMANDS

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)

_TYPES = {
    "B": "u8",
    "b": "i8",
    "H": "u16",
    "h": "i16",
    "I": "u32",
    "i": "i32",
    "Q": "u64",
    "q": "i64",
    "*": "bytes",
}
_SIZES = {"B": 1, "b": 1, "H": 2, "h": 2, "I": 4, "i": 4, "Q": 8, "q": 8, "*": 0}

PURPOSE = {
    "start": "A run begins: rate and scales of the raw counts, firmware version, calibration in use.",
    "stop": "A run ends: its sample count and where the time went.",
    "stride": "One initial contact and the stride that follows it, written when the next contact is known. "
    "`stride_x16` is 0 for the last one before a gap or the end.",
    "cue": "A buzz was commanded, with the stride and the numbers that decided it.",
    "gap": "Samples are missing before the sample at `at_x16`; no stride bridges a gap.",
    "mark": "Something marked by the runner or the host.",
    "notice": "Something the unit noticed about itself; `a` and `b` are the numbers it saw.",
    "anchor": "A host said what time it is: `utc_us` at device time `at_us`, give or take `error_us`. Where both are "
    "0, at `t_us` or a moment before.",
    "verdict": "A stage of a calibration is over: why it was refused (bits, 0: accepted), what it measured, and the "
    "calibration it led to (all 0 where there is none).",
    "session": "A run of the programme is over: dose in blocks with cues, retention in those without.",
    "battery": "The cell: voltage without load and charge, 0 and 255 where unknown.",
    "boot": "The first record of every boot: why, what ended a sleep, how many boots before it failed.",
    "raw": "Samples in the chip's counts: up to 19 times ax ay az gx gy gz (i16); `sample`: index of the first.",
    "pace": "In a run, after 10 s and then every 5 minutes: at `t_us` it was at `at_x16`; the rate measured so far.",
    "hello": "Version handshake, first command of every connection; answered with a `unit` record.",
    "get": "Read one setting; the answer's data is an i32.",
    "set": "Change one setting.",
    "calibrate": "Use this calibration from the next run on.",
    "run": "Start a run.",
    "halt": "End the run.",
    "buzz": "Haptic test: a pulse, or one of the patterns.",
    "fetch": "Send the logged records of these sequence numbers over the log characteristic, then `fetched`.",
    "ack": "The host has committed every record up to and including this one.",
    "time": "What time it is, and which device time that is; logged as `anchor`.",
    "note": "Log a mark.",
    "begin": "Start a stage of a calibration, for this leg and face; stage 0 gives up the one under way.",
    "progress": "How far the stage has come; answered with a `stage` record.",
    "prescribe": "Keep this programme for this runner, or none.",
    "read_plan": "How far the programme has come; answered with a `plan` record.",
    "plan": "Data of the answer to `read_plan`.",
    "stage": "Data of the answer to `progress`; the verdict is in the log at `verdict_seq` once the stage is over.",
    "status": "How the unit is; answered with a `health` record.",
    "erase": "Erase the log up to and including this record; refused in a run.",
    "forget": "Forget the computer that says so; the unit ends the connection after its answer.",
    "health": "Data of the answer to `status`.",
    "reply": "Answer to a command: its token and code, a status, the unit's time, data of that command's own.",
    "unit": "Data of the answer to `hello`.",
    "fetched": "Ends a log transfer: how many records were sent.",
}


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *rows]
    return "".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def _fields(record: wire.Record) -> Iterator[tuple[object, str, str]]:
    """(offset, type, name) with runs such as rotation_q14_0 ... rotation_q14_8 joined to one row."""
    runs: list[tuple[int, str, list[str]]] = []
    at = 0
    for name, letter in wire.fields(record):
        stem = name.rstrip("0123456789")
        joins = (
            stem.endswith("_")
            and runs
            and runs[-1][1] == letter
            and runs[-1][2][0].rstrip("0123456789") == stem
        )
        if joins:
            runs[-1][2].append(name)
        else:
            runs.append((at, letter, [name]))
        at += _SIZES[letter]
    for offset, letter, names in runs:
        if len(names) == 1:
            yield offset, _TYPES[letter], f"`{names[0]}`"
        else:
            yield offset, f"{len(names)} x {_TYPES[letter]}", f"`{names[0]}` ... `{names[-1]}`"


def records(first: int, last: int) -> str:
    parts = []
    for code, record in sorted(wire.BY_CODE.items()):
        if first <= code <= last:
            size = f"{record.size} bytes" + (" and more" if len(record.names) == len(record.layout) else "")
            title = f"#### `{record.name}` 0x{code:02x}, {size}\n\n{PURPOSE[record.name]}\n\n"
            parts.append(title + table(("offset", "type", "field"), _fields(record)))
    return "\n" + "\n".join(parts) + "\n"


def codes() -> str:
    lists = {
        "side": wire.SIDES,
        "face": wire.FACES,
        "gait": wire.GAITS,
        "chip": wire.CHIPS,
        "rule": wire.RULES,
        "direction": wire.DIRECTIONS,
        "gap reason": wire.GAP_REASONS,
        "mark kind": wire.MARKS,
        "cue_state": wire.CUE_STATES,
        "notice": wire.NOTICES,
        "status": wire.STATUSES,
        "calibration stage": wire.STAGES,
        "calibration state": wire.CALIBRATION_STATES,
        "cause of a boot": wire.RESETS,
        "wake": wire.WAKES,
        "charging": wire.CHARGING,
    }
    rows = [(name, ", ".join(f"{i} {text}" for i, text in enumerate(texts))) for name, texts in lists.items()]
    bits = [
        ("flags of a stride", wire.STRIDE_FLAGS),
        ("refused of a verdict", wire.REFUSALS),
        ("cautions of a verdict", wire.CAUTIONS),
        ("troubles of health", wire.TROUBLES),
    ]
    rows += [
        (f"{name} (bits)", ", ".join(f"{1 << i} {text}" for i, text in enumerate(texts)))
        for name, texts in bits
    ]
    return table(("field", "values"), rows)


def gatt_table() -> str:
    names = {
        gatt.READ: "read",
        gatt.WRITE: "write",
        gatt.NOTIFY: "notify",
        gatt.WRITE_ENCRYPTED: "encrypted link only",
    }
    uses = {
        gatt.CONTROL: "control: one command frame a write, its `reply` frame as a notification",
        gatt.EVENTS: "events: logged records as they happen, best effort",
        gatt.LOG: "log: the records asked for with `fetch`, then `fetched`",
    }
    rows = [(f"`{gatt.SERVICE}`", "service", "kneesense")]
    for uuid, properties in gatt.CHARACTERISTICS:
        rows.append(
            (f"`{uuid}`", ", ".join(text for bit, text in names.items() if properties & bit), uses[uuid])
        )
    return table(("UUID", "properties", "content"), rows)


def settings_table() -> str:
    rows = (
        (
            i,
            f"`{s.name}`",
            s.default,
            f"{s.low} to {s.high}",
            s.unit,
            f"`{item.name}`: {item.span}",
            item.counts_from,
            MEANINGS[s.name],
        )
        for i, (s, item) in enumerate(zip(settings.TABLE, unitsettings.ITEMS, strict=True))
    )
    head = ("number", "name", "default", "range", "unit", "in `kneesense settings`", "counts from", "meaning")
    return table(head, rows)


def raw_table() -> str:
    """What recording every sample costs, by the sensor's rate, and how long the log's partition takes it."""
    frame = wire.RAW.size + wire.OVERHEAD + 12 * wire.RAW_SAMPLES
    a_sector = (partitions.SECTOR - sector.DATA - sector.SPARE) // frame
    logs = {mb: next(p for p in partitions.table(mb) if p.name == "log") for mb in (4, 16)}
    rows = []
    for rate_hz in sorted({chip.rate_hz for chip in chips.TABLE[1:]}):
        a_second = rate_hz / wire.RAW_SAMPLES
        sectors = ((log.size - RAW_RESERVE_BYTES) // partitions.SECTOR for log in logs.values())
        minutes = (f"{a_sector * n / a_second / 60:.1f}" for n in sectors)
        rows.append((rate_hz, f"{a_second:.1f}", f"{a_second * frame:.0f}", *minutes))
    sizes = (f"minutes in {log.size / 1e6:.1f} MB ({mb} MB of flash)" for mb, log in logs.items())
    return table(("samples a second", "records a second", "bytes a second", *sizes), rows)


def commands_table() -> str:
    return table(("command", "does"), ((f"`kneesense {name}`", text) for name, text in COMMANDS.items()))


def _tree(kind: type[errors.KneesenseError]) -> Iterator[type[errors.KneesenseError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _tree(below)


def errors_table() -> str:
    rows = (
        (k.exit_code, f"`{k.code}`", (k.__doc__ or "").split("\n")[0]) for k in _tree(errors.KneesenseError)
    )
    return table(("exit", "code in JSON", "meaning"), sorted(rows))


def chips_table() -> str:
    """Of the rows of the contract test, which holds the drivers to these figures."""
    sys.path += [str(DOCS.parent / "firmware"), str(DOCS.parent / "tests")]
    from fakes.imu import PARTS

    rows = (
        (
            part.name,
            ", ".join(f"0x{identity:02x}" for identity in part.identities),
            part.figures.rate_hz,
            f"{part.figures.acc_lsb_per_g}, {part.figures.gyro_lsb_per_10dps / 10}",
            part.fifo_samples,
            part.stall_ms,
            f"[{part.driver.__module__.split('.')[1]}.py](../firmware/{part.driver.__module__.replace('.', '/')}.py)",
        )
        for part in PARTS
    )
    return table(
        ("chip", "answers", "rate, Hz", "counts per g, per deg/s", "FIFO, samples", "stall, ms", "driver"),
        rows,
    )


def faults_table() -> str:
    from kneesense.soak.faults import TABLE

    rows = (
        (f"`{fault.name}`", fault.about, ", ".join(sorted(fault.costs)) or "nothing")
        for fault in TABLE.values()
    )
    return table(("fault", "what happens", "may cost"), rows)


def fuzzers_table() -> str:
    from kneesense.soak.fuzz import TARGETS

    return table(
        ("decoder", "what is demanded of it"),
        ((f"`{name}`", (make.__doc__ or "").partition("\n")[0]) for name, make in TARGETS.items()),
    )


def columns_table(name: str) -> str:
    return table(
        ("column", "unit", "meaning"), ((f"`{c.name}`", c.unit, c.meaning) for c in columns.TABLES[name])
    )


def fit_table() -> str:
    return table(
        ("developer field", "unit", "key in JSON"),
        ((f"`{name}`", unit, f"`{key}`") for _, name, unit, _, key in fitfile.OWN),
    )


TABLES: dict[str, Callable[[], str]] = {
    "logged": lambda: records(0x01, 0x3F),
    "commands_on_the_wire": lambda: records(0x40, 0x5F),
    "answers": lambda: records(0x60, 0x7F),
    "codes": codes,
    "gatt": gatt_table,
    "settings": settings_table,
    "raw": raw_table,
    "commands": commands_table,
    "errors": errors_table,
    "chips": chips_table,
    "faults": faults_table,
    "fuzzers": fuzzers_table,
    "fit": fit_table,
    **{name: partial(columns_table, name) for name in columns.TABLES},
}


def filled(text: str) -> str:
    """The page with its tables as the code has them now.  KeyError for a table that nothing makes."""
    return _BLOCK.sub(lambda match: match[1] + TABLES[match[2]]() + match[3], text)


def stale() -> list[Path]:
    return [page for page in sorted(DOCS.rglob("*.md")) if filled(page.read_text()) != page.read_text()]


def main(arguments: list[str]) -> int:
    pages = stale()
    if arguments == ["--write"]:
        for page in pages:
            page.write_text(filled(page.read_text()))
            print("wrote", page.relative_to(DOCS.parent))
        return 0
    if arguments != ["--check"]:
        print("usage: docs_tables.py --check or --write", file=sys.stderr)
        return 2
    for page in pages:
        print(
            f"{page.relative_to(DOCS.parent)} differs from the code: python tests/checks/docs_tables.py --write"
        )
    return bool(pages)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

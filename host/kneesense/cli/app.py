# SPDX-License-Identifier: MIT
"""The command line's map, its exit codes and its one error handler.

Commands are named by import path, so that `kneesense --help` loads none of them (no numpy, no Bluetooth).
Exit codes: 0 success, 1 device or link failed, 2 bad user input or file, 3 nothing found, adapter or permission
missing, 130 interrupted before a clean stop.
"""

from __future__ import annotations

import difflib
import errno
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from .. import __version__
from ..errors import InputError, KneesenseError
from .options import plain
from .output import Output

COMMANDS = {
    "demo": "The whole product with no hardware: a simulated run through firmware, radio and log.",
    "scan": "Find units in range.",
    "pair": "Remember a unit: its leg, its place on the leg, its runner.",
    "calibrate": "Teach a unit how it sits on the leg: stand still, walk 10 strides.",
    "run": "Record a run live, with cues and alerts.",
    "cue": "Show or set what the unit cues: rule, target, band.",
    "programme": "The faded retraining programme: show, set, import, export, stop.",
    "settings": "Show or change every setting of a unit; to a file and back.",
    "buzz": "Try the vibration and its patterns.",
    "mute": "Silence the cues of the run that goes on.",
    "alerts": "Try where alerts go besides the terminal, and keep it for later runs.",
    "status": "Tell how a unit is: battery, storage, clock, and what is wrong.",
    "sync": "Fetch what is new from every unit in range.",
    "forget": "Unpair a unit, at both ends.",
    "runs": "List the recorded runs.",
    "show": "Show one recorded run.",
    "report": "Write a report for runner and therapist: one page for screen, phone and paper.",
    "export": "Write runs into files: FIT, TCX, CSV, Parquet, or a bundle for another computer.",
    "date": "Say when a run was, where no clock knows.",
    "diary": "The training diary: load, pain, shoes, and what follows from them.",
    "hips": "The hip and core programme: exercises, guided session, log, repetitions.",
    "fetch-log": "Fetch the raw log of a unit into a file.",
    "import": "Import logs fetched into files, or images of a unit's flash.",
    "delete": "Delete a run, all of a runner, or a unit's log.",
    "replay": "Run the unit's own signal processing on a recording.",
    "validate": "Measure how right the numbers are, on recordings and simulated runners.",
    "simulate": "Write recordings of simulated runners, with truth.",
    "flash": "Put MicroPython and the firmware on a board, over its USB cable.",
    "deploy": "Put this version's firmware on a unit, over its USB cable.",
    "doctor": "Find out what keeps a unit from working, and the next step.",
    "bench": "Measure speed and latency.",
    "soak": "Run for an hour with faults at random moments, and audit what came of it.",
}

app = App(
    name="kneesense",
    version=__version__,
    suppress_keyboard_interrupt=False,  # for the one error handler
    help="""A shank sensor for runners: foot strikes, lean, cues and a log.

First: kneesense demo. With a unit: kneesense pair, kneesense calibrate, kneesense run.
""",
)
for position, (name, summary) in enumerate(COMMANDS.items()):
    place = {"import": "import_"}.get(name, name.replace("-", "_"))
    app.command(f"kneesense.cli.{place}:{place}", name=name, help=summary, sort_key=position)


def run(arguments: Sequence[str]) -> int:
    """One command line to its exit code; errors are told, never raised."""
    try:
        if arguments and not arguments[0].startswith("-"):
            _load(arguments[0])
        result = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        if not arguments:
            from .where import where

            if told := where():
                Output(False).note(told)
        sys.stdout.flush()
    except CycloptsError as error:
        return _failed(arguments, InputError(plain(error), _help(arguments)))
    except KneesenseError as error:
        return _failed(arguments, error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as in `kneesense runs | head -1`
        _drop_output()
        return 0
    except SystemExit as end:  # likewise, told by rich while it prints the help
        if end.code != 1:
            raise
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _drop_output()
        print("error: the output cannot be written: the device is full", file=sys.stderr)
        return 1
    return result if isinstance(result, int) else 0


def _load(command: str) -> None:
    """Load one command, so that its own docstring is its help; cyclopts would load all to guess at a wrong one."""
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, 1)
        advice = f"did you mean '{near[0]}'?" if near else f"one of {', '.join(COMMANDS)}"
        raise InputError(f"there is no command '{command}'", advice)
    if app[command].default_command is not None:  # one with commands of its own has its help in itself
        app[command].help = None


def _drop_output() -> None:
    """What is still buffered goes nowhere, so that the exit raises nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help(arguments: Sequence[str]) -> str:
    """The command line that explains the options of this one."""
    named: list[str] = []
    if arguments and arguments[0] in COMMANDS:
        named = [arguments[0]]
        if len(arguments) > 1 and not arguments[1].startswith("-") and arguments[1] in app[arguments[0]]:
            named.append(arguments[1])
    return " ".join(("kneesense", *named, "--help"))


def _failed(arguments: Sequence[str], error: KneesenseError) -> int:
    out = Output("--json" in arguments)
    out.error(error)
    out.record({"type": "summary", "exit_code": error.exit_code})
    return error.exit_code


def main() -> None:
    sys.exit(run(sys.argv[1:]))

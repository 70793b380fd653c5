# SPDX-License-Identifier: MIT
"""What every command prints, and the flags that commands share.

With `--json` stdout carries JSON lines only, the last of type "summary", and text goes to stderr; without it stdout
carries the text.  Rich drops colours by itself when the output is no terminal.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ..errors import KneesenseError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


@Parameter(name="*")
@dataclass(frozen=True)
class Flags:
    """Flags that every command has."""

    json: Annotated[bool, Parameter(negative=())] = False
    "JSON lines on stdout, text on stderr."


@Parameter(name="*")
@dataclass(frozen=True)
class StoreFlags(Flags):
    """Flags of the commands that read or write the recorded runs."""

    store: Path | None = None
    "File of the recorded runs. Default: runs.sqlite in $KNEESENSE_HOME or the system's data folder."


DEFAULT_FLAGS = Flags()
DEFAULT_STORE = StoreFlags()
COLUMNS = 79


_STYLES = {
    "cue": "bold yellow",
    "alert": "bold red",
    "gap": "red",
    "mark": "bold",
    "link": "dim",
    "summary": "bold",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_VERDICTS: dict[Any, str] = {True: "green", False: "bold red"}  # of a record that says whether it is `ok`


class Output:
    """One command's way to stdout and stderr."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.silent = False
        """While something else has the terminal."""

    @cached_property
    def console(self) -> Console:
        """For text: stdout, or stderr with `--json`."""
        from rich.console import Console

        class Pipe(Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError  # for the one error handler; rich would exit with 1

        return Pipe(stderr=self.as_json, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def record(self, values: Mapping[str, Any], text: RenderableType | None = None) -> None:
        """One result: a JSON line with `--json`, else its `text` (nothing without one).

        A str is printed as it stands: a name or a path may hold brackets.
        """
        if self.as_json:
            print(json.dumps(values, allow_nan=False), flush=True)
        elif text is not None and not self.silent:
            self.console.print(
                _folded(text), style=_VERDICTS.get(values.get("ok")) or _STYLES.get(values["type"])
            )

    def note(self, text: RenderableType) -> None:
        """Text that is no result, for people only."""
        if not self.silent:
            self.console.print(_folded(text))

    def bell(self) -> None:
        """The terminal's bell, if there is a terminal."""
        if self.console.is_terminal and not self.silent:
            self.console.bell()

    def warn(self, code: str, message: str) -> None:
        """A warning: a JSON record with `--json`, and one line on stderr."""
        self.record({"type": "warning", "t_s": None, "code": code, "message": message})
        print(f"warning: {harmless(message)}", file=sys.stderr, flush=True)

    def error(self, error: KneesenseError, whose: str = "") -> None:
        """What went wrong and what to do next, in one line on stderr; with `--json` also as a record."""
        about = {"code": error.code, "message": str(error), "advice": error.advice, "help": error.help}
        self.record({"type": "error", **about})
        code = f" [{error.code}]" if sys.stderr.isatty() else ""  # a heading of docs/troubleshooting.md
        print(
            harmless(f"error: {whose}{error}" + (f": {error.advice}" if error.advice else "")) + code,
            file=sys.stderr,
            flush=True,
        )


def harmless(text: str) -> str:
    """What somebody wrote into a note, a name or a file must not steer the terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _folded(text: RenderableType) -> RenderableType:
    """Lines of more than COLUMNS broken between words, what follows further in; a line with a path stays whole."""
    if not isinstance(text, str):
        return text
    return "\n".join(_fold(line) for line in harmless(text).split("\n"))


def _fold(line: str) -> str:
    if len(line) <= COLUMNS or max(map(len, line.split())) > COLUMNS // 2:  # a path stays whole, to be copied
        return line
    label = re.match(r"ok +|FAILED +| *", line)  # what follows stands under the text, not under its mark
    inset = " " * (label.end() if label and label.end() else 2)
    return textwrap.fill(
        line,
        COLUMNS,
        subsequent_indent=inset,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )

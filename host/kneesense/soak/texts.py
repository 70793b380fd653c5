# SPDX-License-Identifier: MIT
"""Texts and files to throw at readers: what the product would write, spoilt here and there."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from ..store import Store

_MEMORY = "/dev/shm"  # where a commit costs nothing; not on every system
_ODD_NUMBERS = (
    "0", "-1", "1e308", "-1e308", "1e400", "nan", "-inf", "9" * 400, "0x1F", "1_0", "", " ", "1,5", "true",
)  # fmt: skip
_ODD_TEXTS = (
    '""', '"\\u0000"', "null", "[]", "{}", "[[[[[]]]]]", "[" * 3000, '"' + "x" * 2000, "\ufeff", "#", "=", "\n\n",
)  # fmt: skip


def spoilt(random: Random, text: str) -> str:
    """A number replaced by an odd one, or a piece cut out, doubled, moved, flipped or replaced."""
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.randint(0, 12))
        kind = random.randrange(7)
        if kind <= 1:
            at, end = _number_at(text, at)
            piece = random.choice(_ODD_NUMBERS)
        elif kind == 2:
            piece = random.choice(_ODD_TEXTS)
        elif kind == 3:
            piece = ""
        elif kind == 4:
            piece = text[at:end] * 2
        elif kind == 5:
            other = random.randrange(len(text) + 1)
            piece = text[other : other + random.randint(0, 30)]
        else:
            piece = "".join(
                chr(random.choice((random.randrange(128), random.randrange(0xD800)))) for _ in range(3)
            )
        text = text[:at] + piece + text[end:]
    return text


def _number_at(text: str, at: int) -> tuple[int, int]:
    """The piece that holds the first number from there on."""
    while at < len(text) and text[at] not in "0123456789":
        at += 1
    end = at
    while end < len(text) and text[end] in "0123456789.e-":
        end += 1
    return at, end


class Folder:
    """Of one fuzzer; goes with it."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(dir=_MEMORY if Path(_MEMORY).is_dir() else None))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """An empty one, for a while."""
        try:
            with Store(self.path / "runs.sqlite") as store:
                yield store
        finally:
            for file in self.path.glob("runs.sqlite*"):
                file.unlink()

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return path


class Given(type(Path())):  # type: ignore[misc]
    """A file that is not on the disk."""

    data = b""

    def read_text(self, *options: object, **more: object) -> str:
        return self.data.decode()

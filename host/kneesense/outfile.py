# SPDX-License-Identifier: MIT
"""A result written to a file the user named: whole or not at all, and never over something else.

Written beside its place and moved there when complete; gzip when the name ends in .gz; mode by the umask.
"""

from __future__ import annotations

import gzip
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from .errors import InputError, KneesenseError


def check(path: Path, inputs: tuple[Path, ...] = (), overwrite: bool = False) -> None:
    """InputError unless `path` may be written: no folder or device, none of the `inputs`, nothing that exists."""
    try:
        for source in inputs:
            if path.exists() and source.exists() and path.samefile(source):
                raise InputError(f"{path}: is the input", "choose another name")
        if path.is_dir():
            raise InputError(f"{path}: is a folder", "add a file name")
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is no regular file", "choose another name")
        if path.exists() and not overwrite:
            raise InputError(f"{path}: exists", "choose another name, or --overwrite")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})", "choose another name") from None


@contextmanager
def writing(path: Path, inputs: tuple[Path, ...] = (), overwrite: bool = False) -> Iterator[TextIO]:
    """The file to write text to.  InputError as `check`; KneesenseError when the disk fills up."""
    check(path, inputs, overwrite)
    try:
        handle, name = tempfile.mkstemp(".part", path.name, path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})", "choose another folder") from None
    try:
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # mkstemp's files are private
        with os.fdopen(handle, "wb") as raw:
            packed = gzip.GzipFile(path.name, "wb", fileobj=raw) if path.suffix == ".gz" else None
            with io.TextIOWrapper(packed or raw, "utf-8", newline="") as text:
                yield text
        Path(name).replace(path)
    except OSError as error:
        raise KneesenseError(f"{path}: cannot be written ({error.strerror})", "free some space") from error
    finally:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)

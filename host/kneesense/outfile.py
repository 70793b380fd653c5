# SPDX-License-Identifier: MIT
"""A result written to a file the user named: whole or not at all, and never over something else.

Written beside its place and moved there when complete; gzip when the name ends in .gz; mode by the umask.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

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
    with writing_bytes(path, inputs, overwrite) as raw:
        packed = gzip.GzipFile(path.name, "wb", fileobj=raw) if path.suffix == ".gz" else None
        with io.TextIOWrapper(packed or raw, "utf-8", newline="") as text:
            yield text


@contextmanager
def writing_bytes(path: Path, inputs: tuple[Path, ...] = (), overwrite: bool = False) -> Iterator[BinaryIO]:
    """The same for bytes, which are never packed."""
    check(path, inputs, overwrite)
    try:
        handle, name = tempfile.mkstemp(".part", path.name, path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})", "choose another folder") from None
    try:
        Path(name).chmod(0o666 & ~_umask())  # mkstemp's files are private
        with os.fdopen(handle, "wb") as raw:
            yield raw
        Path(name).replace(path)
    except OSError as error:
        raise KneesenseError(f"{path}: cannot be written ({error.strerror})", "free some space") from error
    finally:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which gets its name when it is complete.  InputError if something is there."""
    try:
        if path.exists() and not path.is_dir():
            raise InputError(f"{path}: is a file", "name a folder")
        if path.is_dir() and any(path.iterdir()):
            raise InputError(f"{path}: is not empty", "name a folder that does not exist yet")
        name = tempfile.mkdtemp(".part", path.name, path.absolute().parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})", "choose another folder") from None
    try:
        Path(name).chmod(0o777 & ~_umask())
        yield Path(name)
        Path(name).replace(path)
    except OSError as error:
        raise KneesenseError(f"{path}: cannot be written ({error.strerror})", "free some space") from error
    finally:
        shutil.rmtree(name, ignore_errors=True)


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask

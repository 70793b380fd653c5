# SPDX-License-Identifier: MIT
"""Where the product keeps a user's data: `--store FILE`, else $KNEESENSE_HOME, else the system's data folder."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import InputError


def home() -> Path:
    """Folder of the user's data; not created here.  InputError when something else stands there."""
    chosen = os.environ.get("KNEESENSE_HOME")
    if chosen:
        folder = Path(chosen).expanduser()
        if folder.exists() and not folder.is_dir():
            raise InputError(f"KNEESENSE_HOME={chosen}: is no folder", "set it to one you can write to")
        return folder
    import platformdirs

    return Path(platformdirs.user_data_dir("kneesense", appauthor=False))


def store_file(chosen: Path | None = None) -> Path:
    """The store: a file named by the user, or the default one.  InputError when it is a folder."""
    file = chosen.expanduser() if chosen else home() / "runs.sqlite"
    if file.is_dir():
        raise InputError(f"{file}: is a folder, the store is a file", "add a file name")
    return file

# SPDX-License-Identifier: MIT
"""Where the product keeps a user's data: `--store FILE`, else $KNEESENSE_HOME, else the system's own folders."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import InputError


def home() -> Path:
    """Folder of the user's data; not created here.  InputError when something else stands there."""
    return _folder("data")


def config() -> Path:
    """Folder of what a user has set on this computer; as `home`."""
    return _folder("config")


def cache() -> Path:
    """Folder of what was downloaded and can be again; as `home`."""
    return _folder("cache")


def _folder(kind: str) -> Path:
    chosen = os.environ.get("KNEESENSE_HOME")
    if chosen:
        folder = Path(chosen).expanduser()
        if folder.exists() and not folder.is_dir():
            raise InputError(f"KNEESENSE_HOME={chosen}: is no folder", "set it to one you can write to")
        return folder if kind == "data" else folder / kind
    import platformdirs

    where = {"data": platformdirs.user_data_dir, "config": platformdirs.user_config_dir,
             "cache": platformdirs.user_cache_dir}[kind]  # fmt: skip
    return Path(where("kneesense", appauthor=False))


def store_file(chosen: Path | None = None) -> Path:
    """The store: a file named by the user, or the default one.  InputError when it is a folder."""
    file = chosen.expanduser() if chosen else home() / "runs.sqlite"
    if file.is_dir():
        raise InputError(f"{file}: is a folder, the store is a file", "add a file name")
    return file

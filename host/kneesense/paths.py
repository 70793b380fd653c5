# SPDX-License-Identifier: MIT
"""Where the product keeps a user's data: `--store FILE`, else $KNEESENSE_HOME, else the system's data folder."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """Folder of the user's data; not created here."""
    chosen = os.environ.get("KNEESENSE_HOME")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("kneesense", appauthor=False))


def store_file(chosen: Path | None = None) -> Path:
    """The store: a file named by the user, or the default one."""
    return chosen.expanduser() if chosen else home() / "runs.sqlite"

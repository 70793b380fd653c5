# SPDX-License-Identifier: MIT
"""What `make check` runs besides ruff and mypy; each file is a script, its parts are used by the tests too."""

import os
import tempfile


def own_home() -> None:
    """For each process of a pool: all virtual units have one id, and one program of a home at a time holds a unit."""
    os.environ["KNEESENSE_HOME"] = tempfile.mkdtemp()

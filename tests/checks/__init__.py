# SPDX-License-Identifier: MIT
"""What `make check` runs besides ruff and mypy; each file is a script, its parts are used by the tests too."""

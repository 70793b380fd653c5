# SPDX-License-Identifier: MIT
"""`python -m kneesense`."""

from .cli.app import main

main()

# SPDX-License-Identifier: MIT
"""The live view in the terminal (extra `tui`)."""

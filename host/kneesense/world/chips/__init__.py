# SPDX-License-Identifier: MIT
"""Chips of the virtual board, at register level, so that the firmware's drivers run unmodified against them."""

# SPDX-License-Identifier: MIT
"""How right the numbers are: recordings with a reference, and simulated runners, against `docs/accuracy.md`.

    folder -> found -> compare -> figures -> checks -> page

Everything is measured on what the unit's own pipeline reports (replay.py); nothing is read from inside it but lean.
"""

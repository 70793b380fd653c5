# SPDX-License-Identifier: MIT
"""Endurance: bytes nobody should send (fuzz), and an hour of running with one fault after another."""

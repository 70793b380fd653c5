# SPDX-License-Identifier: MIT
"""Chips of the unit: registers and pins only, raw counts, no decisions.  A driver is given its bus, never makes it."""


class PartError(Exception):
    """A part cannot be used.  `notice` is a name of wire.NOTICES; `a`, `b` are its two numbers."""

    def __init__(self, notice, a, b, text):
        super().__init__(text)
        self.notice = notice
        self.a = a
        self.b = b


class ImuError(PartError):
    """The motion sensor cannot be used."""


class MotorError(PartError):
    """The motor's driver cannot be used."""

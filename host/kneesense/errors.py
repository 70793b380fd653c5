# SPDX-License-Identifier: MIT
"""The host's exception tree: each error says what happened, `.advice` what to do next, `.exit_code` how to exit."""

from __future__ import annotations


class KneesenseError(Exception):
    """Base of every error a user may meet."""

    exit_code = 1
    advice = ""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        if advice:
            self.advice = advice


class InputError(KneesenseError):
    """A user's input or file that cannot be used."""

    exit_code = 2


class ExtraMissing(KneesenseError):
    """An optional part is not installed."""

    def __init__(self, extra: str, why: str = "") -> None:
        super().__init__(why or f"the extra '{extra}' is not installed", f"pip install 'kneesense[{extra}]'")

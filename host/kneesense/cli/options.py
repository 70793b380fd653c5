# SPDX-License-Identifier: MIT
"""Checked values of options, and an option error in one plain line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    RepeatArgumentError,
    Token,
    UnusedCliTokensError,
    ValidationError,
)

DAY_S = 86400.0


def _whole(kind: Any, tokens: Sequence[Token]) -> int:
    """An int as it stands there: 2.5 is refused, not rounded."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise CoercionError(token=tokens[0], target_type=int) from None


def _positive(kind: Any, value: float | None) -> None:
    if value is not None and not 0 < value <= DAY_S:
        raise ValueError(f"must be more than 0 and at most {DAY_S:g} seconds")


def _not_negative(kind: Any, value: float | None) -> None:
    if value is not None and not 0 <= value <= DAY_S:
        raise ValueError(f"must be 0 to {DAY_S:g} seconds")


def _finite(kind: Any, value: float | None) -> None:
    if value is not None and not math.isfinite(value):
        raise ValueError("must be a number")


Whole = Annotated[int, Parameter(converter=_whole)]
Number = Annotated[float, Parameter(validator=_finite)]
Seconds = Annotated[float, Parameter(validator=_positive)]
Wait = Annotated[float, Parameter(validator=_not_negative)]
"""Seconds that may be 0."""


def plain(error: CycloptsError) -> str:
    """What is wrong with a command line."""
    name = "" if error.argument is None else error.argument.name
    match error:
        case UnusedCliTokensError():
            return f"{' '.join(error.unused_tokens or ())}: one word too many"
        case MissingArgumentError():
            return f"{name} is missing" if error.keyword is None else f"{name}: its value is missing"
        case RepeatArgumentError():
            return f"{error.token.keyword}: given twice"
        case CoercionError() if error.token is not None and error.target_type in (int, float):
            kind = "a whole number" if error.target_type is int else "a number"
            return f"{error.token.keyword or name} {error.token.value}: must be {kind}"
        case ValidationError() if error.argument is not None:
            token = error.argument.tokens[0]
            return f"{token.keyword or name} {token.value}: {error.exception_message}"
    return " ".join(str(error).split()).rstrip(".")

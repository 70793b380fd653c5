# SPDX-License-Identifier: MIT
"""Which outlets: named by `--alert`, else those kept in alerts.toml of the config folder.

The file may hold tokens and passwords, so only its owner may read it.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import InputError, KneesenseError
from ..paths import config
from . import Outlet

NONE = "none"
_USE = "one of sound, desktop, webhook:URL, mqtt:HOST/TOPIC, mqtts:HOST/TOPIC, none"
_HEAD = "# Where `kneesense run` sends alerts, kept by `kneesense alerts`.\n"


def chosen(named: Sequence[str] | None, warn: Callable[[str, str], None]) -> list[Outlet]:
    """Raises for one that is named and cannot be used; one that is kept is left out with a warning."""
    if named is not None:
        return _made(named)
    outlets = []
    for spec in kept():
        try:
            outlets += _made([spec])
        except KneesenseError as error:
            warn("alert_outlet", f"{error}: {error.advice}")
    return _told_apart(outlets)


def kept() -> list[str]:
    """None of them if there is no file."""
    try:
        found = tomllib.loads(file().read_text("utf-8")).get("alert", [])
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no TOML"
        raise InputError(f"{file()}: {why}", "mend or delete it") from None
    if not isinstance(found, list) or not all(isinstance(spec, str) for spec in found):
        raise InputError(f"{file()}: alert must be a list of texts", 'such as alert = ["sound"]')
    return found


def file() -> Path:
    return config() / "alerts.toml"


def _made(specs: Sequence[str]) -> list[Outlet]:
    if NONE in specs:
        if len(specs) > 1:
            raise InputError("none goes with no other", "leave out one of them")
        return []
    return _told_apart([_one(spec) for spec in dict.fromkeys(specs)])


def _one(spec: str) -> Outlet:
    kind, colon, address = spec.partition(":")
    if spec.isprintable():
        if spec == "sound":
            from .sound import Sound

            return Sound()
        if spec == "desktop":
            from .desktop import Desktop

            return Desktop()
        if colon and kind == "webhook":
            from .webhook import Webhook

            return Webhook(address)
        if colon and kind in ("mqtt", "mqtts"):
            from .mqtt import Mqtt

            return Mqtt(address, secure=kind == "mqtts")
    raise InputError(f"{kind}{colon}: alerts cannot go there", _USE)  # what follows may be secret


def _told_apart(outlets: list[Outlet]) -> list[Outlet]:
    """Two at one host have two names."""
    seen: dict[str, int] = {}
    for outlet in outlets:
        number = seen[outlet.name] = seen.get(outlet.name, 0) + 1
        if number > 1:
            outlet.name += f" ({number})"
    return outlets


def keep(specs: Sequence[str]) -> None:
    """For later runs."""
    text = f"{_HEAD}alert = {json.dumps(list(specs), ensure_ascii=False)}\n"  # such a list is TOML too
    new = file().with_suffix(".new")
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write(text)
        new.replace(file())
    except OSError as error:
        raise InputError(
            f"{file()}: {error.strerror}", "make its folder writable, or set KNEESENSE_HOME"
        ) from None

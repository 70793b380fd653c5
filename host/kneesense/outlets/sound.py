# SPDX-License-Identifier: MIT
"""A short tone by a player that the system has.

Delivered means that the player played it; whether the loudspeaker is on is not known.
"""

from __future__ import annotations

import array
import io
import math
import platform
import shutil
import sys
import tempfile
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ExtraMissing
from . import NotDelivered, in_thread, programs

_RATE_HZ = 22050
_NOTES = ((880, 0.15), (0, 0.05), (1175, 0.25))  # Hz, seconds; 0 is silence
_EDGE_S = 0.01  # swells and fades, so that it does not click
_VOLUME = 0.6
_PLAYERS = {  # by system, the first that plays it
    "Darwin": (("afplay",),),
    "Linux": (("pw-play",), ("paplay",), ("aplay", "-q")),
}


def tone() -> bytes:
    """A WAV file."""
    samples = array.array("h")
    for hz, seconds in _NOTES:
        count = int(seconds * _RATE_HZ)
        for i in range(count):
            edge = min(1.0, i / (_EDGE_S * _RATE_HZ), (count - i) / (_EDGE_S * _RATE_HZ))
            samples.append(int(32767 * _VOLUME * edge * math.sin(2 * math.pi * hz * i / _RATE_HZ)))
    if sys.byteorder == "big":
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE_HZ)
        out.writeframes(samples.tobytes())
    return file.getvalue()


class Sound:
    """Raises ExtraMissing where nothing can play it."""

    name = "sound"

    def __init__(self) -> None:
        self._players: list[tuple[str, ...]] = []
        if platform.system() == "Windows":
            return  # plays by itself: winsound
        players = _PLAYERS.get(platform.system(), _PLAYERS["Linux"])
        self._players = [player for player in players if shutil.which(player[0])]
        if not self._players:
            names = ", ".join(player[0] for player in players)
            raise ExtraMissing(
                "sound",
                f"no program here plays a sound ({names})",
                "install one (Debian, Ubuntu: apt install alsa-utils), or leave out sound",
            )

    async def send(self, record: Mapping[str, Any]) -> None:
        if not self._players:
            await in_thread(_by_windows)
            return
        failures = []
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "alert.wav")
            file.write_bytes(tone())
            for player in self._players:
                try:
                    await programs.run(*player, str(file))
                    return
                except NotDelivered as failed:  # it is installed, but its server does not run
                    failures.append(str(failed))
        raise NotDelivered("; ".join(failures))


def _by_windows() -> None:
    if sys.platform == "win32":
        import winsound

        winsound.PlaySound(tone(), winsound.SND_MEMORY)

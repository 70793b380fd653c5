# SPDX-License-Identifier: MIT
"""The stages of `kneesense calibrate` with a person: what to do, a countdown, how far it is, and once more if refused.

The runner walks away from the computer: when the link breaks on the way, the unit goes on by itself, and its verdict is
fetched on the way back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import InUse, LinkLost, NothingFound
from .asking import agreed, at_terminal
from .output import Output

if TYPE_CHECKING:
    from ..answers import Progress
    from ..device import Device
    from ..store import Store, Unit
    from ..verdict import Verdict

BACK_S = 120.0  # more than the longest stage, and the way back

_TOLD = {
    "still": "stand still on both feet, knees straight, until it buzzes ({still_s} s)",
    "walk": "walk straight on at an easy pace until it buzzes ({strides} strides)",
    "rezero": "stand as you want the lean to count as zero until it buzzes ({still_s} s)",
}
_BAR = {"still": "standing still", "walk": "walking", "rezero": "standing still"}
# Refusals of a walk that another walk would not mend
_FROM_THE_START = {"disagree", "no_still", "side", "tilted"}


@dataclass
class Course:
    """One calibration.  `worn`: changed when it turns out that it is worn elsewhere."""

    worn: Unit
    stages: tuple[str, ...]
    countdown_s: float
    store: Store
    out: Output
    repeat: bool
    _at: int = 0
    _under_way: bool = False
    _sizes: dict[str, int] = field(default_factory=dict)

    async def run(self) -> Verdict:
        """The last verdict: of the last stage, or of one that was refused and is not wanted again."""
        from ..ble import BleLink
        from ..device import Device

        loop = asyncio.get_running_loop()
        until_s: float | None = None
        while True:
            try:
                async with Device(BleLink(self.worn.handle)) as device:
                    until_s = None
                    while True:
                        verdict = await self._stage(device)
                        if not self._goes_on(verdict):
                            return verdict
            except (LinkLost, NothingFound) as error:
                if isinstance(error, InUse) or not self._under_way:
                    raise
                if until_s is None:
                    until_s = loop.time() + BACK_S
                    self.out.note(
                        "The link is lost. The unit goes on by itself: do the same, and come back when it has buzzed."
                    )
                elif loop.time() > until_s:
                    raise

    async def _stage(self, device: Device) -> Verdict:
        from .. import guide

        name, worn = self.stages[self._at], self.worn
        if not self._sizes:
            self._sizes = {
                "still_s": await device.get("calibrate_still_s"),
                "strides": await device.get("calibrate_strides"),
            }
        if not self._under_way:
            told = _TOLD[name].format_map(self._sizes)
            several = len(self.stages) > 1
            self.out.note(
                f"Step {self._at + 1} of {len(self.stages)}: {told}"
                if several
                else told[0].upper() + told[1:]
            )
            await self._count_down()
        with self._bar(name) as show:
            if self._under_way:
                verdict = await guide.follow(device, name, self.store, show)
            else:
                self._under_way = True
                verdict = await guide.stage(device, name, worn.side, worn.face, self.store, show)
        self._under_way = False
        self.out.record(verdict.to_json(), told_of(verdict))
        return verdict

    def _goes_on(self, verdict: Verdict) -> bool:
        """Whether there is a stage to do: the next one, or one again."""
        if verdict.accepted:
            self._at += 1
            return self._at < len(self.stages)
        if not (self.repeat and at_terminal() and not self.out.as_json):
            return False
        self.out.note(f"  What helps: {verdict.next_step}.")
        if not agreed("Again?", True, "--no-repeat"):
            return False
        if "side" in verdict.refused:
            self._ask_where()
        if _FROM_THE_START & set(verdict.refused):
            if "still" not in self.stages:
                self.stages = ("still", *self.stages)
            self._at = 0
        return True

    def _ask_where(self) -> None:
        from .pairing import ask_face, ask_side

        side = ask_side(self.worn.side)
        self.worn = replace(self.worn, side=side, face=ask_face(self.worn.face) or "unknown")

    async def _count_down(self) -> None:
        left_s = self.countdown_s
        if self.out.console.is_terminal and left_s > 0:
            self.out.console.print(" ", end="")
        while left_s > 0:
            if self.out.console.is_terminal:
                self.out.console.print(f" {left_s:.0f} ...", end="")
            await asyncio.sleep(min(1.0, left_s))
            left_s -= 1.0
        if self.out.console.is_terminal and self.countdown_s > 0:
            self.out.console.print(" now")

    @contextmanager
    def _bar(self, name: str) -> Iterator[Callable[[Progress], None]]:
        """Moved by how far the unit says it is."""
        from .progress import bar

        with bar(self.out, _BAR[name]) as told:

            def show(progress: Progress) -> None:
                if name == "walk":
                    told(progress.strides, self._sizes["strides"])
                else:
                    told(progress.still_s, self._sizes["still_s"])

            yield show


def told_of(verdict: Verdict) -> str:
    """A verdict in words: accepted or refused, and by what."""
    v = verdict.to_json()
    if not verdict.accepted:
        return "refused: " + "; ".join(verdict.messages)
    if verdict.stage == "walk":
        measured = (
            f"{v['strides']} strides, {100 * v['axis_share']:.0f} % of the rotation on one axis,"
            f" swing {v['sign_ratio']:.1f} times the way back"
        )
    else:
        measured = f"spread {v['spread_dps']:.1f} deg/s, 1 g off by {100 * v['one_g_error']:+.1f} %"
    if verdict.stage == "rezero" and verdict.calibration:
        measured += f", zero is now at {verdict.calibration.neutral_deg:+.1f} deg"
    return "\n".join([f"accepted: {measured}", *(f"note: {message}" for message in verdict.messages)])

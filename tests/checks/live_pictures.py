# SPDX-License-Identifier: MIT
"""Makes docs/live-web.png and docs/live-tui.svg from a run of the demo: python tests/checks/live_pictures.py --write.

`--look FOLDER` makes many more, in other states, sizes and colours, to be looked at.  Needs a Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("host", "firmware", "tests/host")]

import chromium  # noqa: E402
import liverun  # noqa: E402

from kneesense.liveview import LiveView  # noqa: E402
from kneesense.tui.app import LiveApp  # noqa: E402
from kneesense.web.serve import serving  # noqa: E402

RUN_S = 150
PHONE, DESK = (390, 844), (1280, 900)


def recorded() -> list[dict[str, object]]:
    command = [
        sys.executable,
        "-m",
        "kneesense",
        "demo",
        "--json",
        "--duration",
        str(RUN_S),
        "--speed",
        "1000",
    ]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    records = [json.loads(line) for line in out.splitlines()]
    return [record for record in records if record["type"] not in ("check", "verdict")]


def view_at(records, until_s, legs=(("a", "right"),), ago_s=0.0):
    """The run at that second of its clock, which is now, or was some seconds ago."""
    view = LiveView(legs, "Ann")
    began_s = time.monotonic() - until_s - ago_s
    for unit, side in legs:
        liverun.play(view, records, until_s, began_s, unit, side)
    return view


async def shoot(view, file, size, dark=False, then=None):
    marks = liverun.Marks(view, time.monotonic())
    with tempfile.TemporaryDirectory() as folder:
        async with serving(view, marks) as url, chromium.opened(url, Path(folder), *size) as tab:
            await tab.dress(*size, dark)
            await tab.until("document.querySelectorAll('#plots canvas').length === 4")
            if then:
                await tab.value(then)
            await asyncio.sleep(0.4)
            await tab.picture(file)


async def draw(view, file):
    app = LiveApp(view, liverun.Marks(view, 0.0))
    async with app.run_test(size=(80, 24)) as pilot:
        app.show()
        await pilot.pause()
        picture = app.export_screenshot(title="kneesense run --tui")
        file.write_text(
            re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
        )  # fonts from the internet


async def write(records, slow_s):
    await shoot(view_at(records, slow_s), ROOT / "docs/live-web.png", PHONE)
    await draw(view_at(records, slow_s), ROOT / "docs/live-tui.svg")


async def look(records, slow_s, lost_s, folder):
    folder.mkdir(parents=True, exist_ok=True)
    both = (("a", "left"), ("b", "right"))
    adrift = "heard = performance.now() - 20000; ended = true; ended = false; stream.close(); render()"
    for name, until_s, legs, ago_s, then in (
        ("live", slow_s, both[1:], 0.0, None),
        ("two", slow_s, both, 0.0, None),
        ("stale", slow_s, both[1:], 12.0, None),
        ("lost", lost_s + 3, both[1:], 0.0, None),
        ("baseline", 8.0, both[1:], 0.0, None),
        ("adrift", slow_s, both[1:], 0.0, adrift),
    ):
        for dark in (False, True):
            for size in (PHONE, DESK):
                view = view_at(records, until_s, legs, ago_s)
                kind = f"{'dark' if dark else 'light'}-{size[0]}"
                await shoot(view, folder / f"{name}-{kind}.png", size, dark, then)
        if then is None:
            await draw(view_at(records, until_s, legs, ago_s), folder / f"{name}.svg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--look", type=Path)
    asked = parser.parse_args()
    records = recorded()
    cued_s = next(record["t_s"] for record in records if record["type"] == "cue")
    lost_s = liverun.lost_s(records)
    if asked.write:
        asyncio.run(write(records, cued_s + 1.5))
    if asked.look:
        asyncio.run(look(records, cued_s + 1.5, lost_s, asked.look))


if __name__ == "__main__":
    main()

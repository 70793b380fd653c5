# SPDX-License-Identifier: MIT
"""Pages of hardware/: links, pictures, steps of the bring-up; the commands print what the steps wait for."""

import re
import xml.etree.ElementTree
from pathlib import Path

import pytest

import pins
from kneecore import chips
from kneesense.cli import status

ROOT = Path(__file__).parents[1]
HARDWARE = ROOT / "hardware"
CONTRACT = ROOT / "docs" / "contract.md"
PAGES = sorted(HARDWARE.rglob("*.md"))
PICTURES = sorted(HARDWARE.rglob("*.svg"))

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert targets
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_can_be_drawn_and_a_page_shows_it(picture):
    root = xml.etree.ElementTree.parse(picture).getroot()
    assert root.tag.endswith("svg")
    assert root.get("viewBox")
    assert str(picture.relative_to(HARDWARE)) in (HARDWARE / "README.md").read_text()


def commands():
    return set(re.findall(r"\| `kneesense (\w+)` \|", CONTRACT.read_text()))


def steps():
    rows = re.findall(
        r"^\| (\d+) \| ([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|$", (HARDWARE / "bring-up.md").read_text(), re.M
    )
    return [(int(n), title.strip(), see.strip(), look) for n, title, _, see, look in rows]


def test_the_steps_are_numbered_and_in_their_order():
    numbers, titles = zip(*((n, title) for n, title, _, _ in steps()), strict=True)
    assert numbers == tuple(range(1, len(numbers) + 1))
    order = [
        "before power",
        "supply rails",
        "flash",
        "sensor found",
        "1 g each way up",
        "motor",
        "button",
        "sleep current",
    ]
    places = [titles.index(title) for title in order]
    assert places == sorted(places)
    assert "current draw" in titles


@pytest.mark.parametrize("step", steps(), ids=lambda step: f"{step[0]} {step[1]}")
def test_a_step_shows_a_picture_or_a_command_that_exists(step):
    _, _, see, look = step
    pictures = [HARDWARE / target for target in LINK.findall(look) if target.endswith(".svg")]
    named = set(re.findall(r"`kneesense (\w+)", look))
    assert pictures or named
    assert all(picture.exists() for picture in pictures)
    assert named <= commands()
    assert see


def test_every_command_named_in_the_pages_exists():
    named = {name for page in PAGES for name in re.findall(r"`kneesense (\w+)", page.read_text())}
    assert named <= commands()


def test_status_prints_the_lines_that_the_steps_wait_for():
    text = " ".join(look for step in steps() for look in step[2:3])
    told = {
        "unit": "0c0d", "runner": None, "firmware": "0.2.0", "wire": "1.3", "up_s": 60.0, "boot": 3,
        "battery_mv": 3960, "percent": 78, "charging": False, "used_bytes": 0, "capacity_bytes": 1_500_000,
        "unfetched_bytes": 0, "ready_bytes": 0, "hours_left": 6.0, "raw_record": False,
        "chip": "lsm6dso32", "rate_hz": chips.find("lsm6dso32").rate_hz, "temperature_c": 24.0,
        "clock_error_ms": 5.0, "clock_moved_ms": None, "cause": "power_on", "failed_boots": 0, "running": False,
    }  # fmt: skip
    printed = status.lines(told)
    for start in ("battery", "sensor"):
        (line,) = (line for line in printed if line.startswith(start))
        assert f"`{line}`" in text
    for part in re.findall(r"`(storage [^`]+?) \.\.\. used`|`(no failed before it)`", text):
        assert any("".join(part) in line for line in printed), part
    cheap = chips.find("mpu6050")
    assert f"`{cheap.name}, {cheap.rate_hz} Hz`" in text


def test_the_case_lies_on_the_leg_as_the_program_believes():
    assert (pins.TOP, pins.LID) == ((1, 0, 0), (0, 0, 1))  # axes of enclosure/case.py
    text = (HARDWARE / "README.md").read_text()
    assert "chip towards the lid, its printed x arrow to the arrow's end" in text
    assert "Lid outward, arrow to\n  the knee" in text

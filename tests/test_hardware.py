# SPDX-License-Identifier: MIT
"""hardware/: the wiring has the program's pins, parts have drivers, solids are closed, sums and pictures are fresh."""

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

import pins
from checks import hardware
from checks.netlist import Wiring
from checks.stl import open_edges, triangles, volume_mm3
from drivers.actuators import ACTUATORS
from kneecore import chips

ROOT = Path(__file__).parents[1]
HARDWARE = ROOT / "hardware"

BUILDS = {"reference": "reference", "reference-erm": "reference", "cheap": "cheap"}  # build: its drawing
STRAPPING = {0, 2, 5, 12, 15}  # ESP32 data sheet v5.2, 2.4
RTC_PINS = {0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39}  # appendix, table IO_MUX
ADC1_PINS = {32, 33, 34, 35, 36, 37, 38, 39}  # table 4-6
PULL = "100 kOhm"


# --- the nets, out of the drawings ------------------------------------------------------------------------------------


@cache
def wiring(build):
    names = hardware.WIRINGS[BUILDS[build]]
    documents = [yaml.safe_load((HARDWARE / f"wiring-{name}.yml").read_text()) for name in names]
    assert all(build in document["metadata"]["builds"] for document in documents)
    return Wiring(documents)


builds = pytest.mark.parametrize("build", BUILDS)


def test_every_build_is_drawn():
    assert set(BUILDS) == set(pins.BUILDS)


@builds
def test_the_bus_has_the_programs_pins(build):
    w = wiring(build)
    for part in w.i2c:
        if part != "BOARD":
            assert f"{part} SDA" in w.gpio(pins.I2C_SDA)
            assert f"{part} SCL" in w.gpio(pins.I2C_SCL)


@builds
def test_no_two_parts_have_one_address(build):
    assert max(Counter(wiring(build).i2c.values()).values()) == 1


@builds
def test_motor_driver_gauge_and_sensor_are_as_the_program_has_them(build):
    w, b = wiring(build), pins.BUILDS[build]
    motor = w.gpio(b.pin)
    assert ("HAPTIC EN" if b.motor == "drv2605l" else "FET G") in motor
    if b.motor == "drv2605l":
        assert w.i2c["HAPTIC"] == 0x5A
        assert {"HAPTIC O+", "HAPTIC O-"} <= w.net("MOTOR a") | w.net("MOTOR b")
    else:
        assert w.net("FET D") == w.net("MOTOR -") == w.net("D1 A")
        assert w.net("MOTOR +") == w.net("D1 K") == w.supply
        assert w.net("FET S") == w.ground
    assert {"IMU I1", "IMU INT"} & w.gpio(pins.IMU_INT)
    assert (b.gauge == "max17048") == (w.i2c.get("BOARD") == 0x36)


@builds
def test_the_cell_is_halved_and_the_chargers_sign_kept_below_the_supply(build):
    w, b = wiring(build), pins.BUILDS[build]
    if b.gauge != "adc":
        assert b.cell is b.charge is None
        return
    half = w.gpio(b.cell)
    assert w.across(PULL, half, w.net("SWITCH out"))
    assert w.across(PULL, half, w.ground)
    assert w.volts("CHARGER B+")[1] / 2 <= 2.45  # ESP32 data sheet, table 4-3
    assert w.net("SWITCH in") == w.net("CHARGER OUT+")
    sign = w.gpio(b.charge)
    assert "D2 A" in sign
    assert w.net("D2 K") == w.net("CHARGER CHRG") != sign
    assert w.across(PULL, sign, w.supply)


@builds
def test_the_motor_stays_off_and_the_button_up_without_the_program(build):
    w, b = wiring(build), pins.BUILDS[build]
    assert w.across(PULL, w.gpio(b.pin), w.ground)
    assert w.across(PULL, w.gpio(pins.BUTTON), w.supply)
    assert w.across(PULL, w.gpio(pins.IMU_INT), w.ground)
    assert {frozenset(w.net("BUTTON a")), frozenset(w.net("BUTTON b"))} == {
        frozenset(w.gpio(pins.BUTTON)),
        frozenset(w.ground),
    }


@builds
def test_pins_can_do_what_is_asked_of_them(build):
    b = pins.BUILDS[build]
    used = [pins.I2C_SDA, pins.I2C_SCL, pins.BUTTON, pins.IMU_INT, pins.LED, b.pin]
    used += [pin for pin in (b.cell, b.charge) if pin is not None]
    assert len(used) == len(set(used))
    assert not set(used) & STRAPPING
    assert {pins.BUTTON, pins.IMU_INT} <= RTC_PINS  # they wake it
    assert b.cell is None or b.cell in ADC1_PINS  # the other converter belongs to the radio


@builds
def test_the_led_has_a_resistor_or_is_on_the_board(build):
    w = wiring(build)
    if w.onboard.get("LED") == f"GPIO{pins.LED}":
        return
    assert w.across("1 kOhm", w.gpio(pins.LED), w.net("LED A"))
    assert w.net("LED K") == w.ground


@builds
def test_every_part_gets_the_voltage_it_takes(build):
    w = wiring(build)
    assert w.supplies
    for pin, (least, most) in w.supplies.items():
        low, high = w.volts(pin)
        assert least <= low, pin
        assert high <= most, pin


@builds
def test_the_readme_counts_the_wire_ends(build):
    ends = 2 * wiring(build).wires - (4 if build != "cheap" else 0)  # the cell of the others has a plug
    assert f" {ends} |" in (HARDWARE / "README.md").read_text()


@builds
def test_supply_and_ground_never_meet_and_nothing_hangs_loose(build):
    w = wiring(build)
    assert "BOARD GND" in w.ground
    assert not w.ground & (w.supply | w.net("CELL +"))
    loose = {pin for pin in w.pins if w.net(pin) == {pin}}
    assert loose == set()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("GPIO25, GND], W23", "GPIO27, GND], W23", "motor stays off"),
        ("FET: [G, S]", "FET: [S, G]", "as the program has"),
        ("[GPIO13], W29", "[GPIO27], W29", "led"),
        ("BOARD: [3V3], W25", "BOARD: [GND], W25", "as the program has"),
    ],
)
def test_a_wrong_wire_is_noticed(old, new, what, monkeypatch):
    texts = [(HARDWARE / f"wiring-{name}.yml").read_text() for name in hardware.WIRINGS["cheap"]]
    changed = [text.replace(old, new) for text in texts]
    assert changed != texts
    monkeypatch.setitem(globals(), "wiring", lambda build: Wiring(map(yaml.safe_load, changed)))
    check = {
        "motor stays off": test_the_motor_stays_off_and_the_button_up_without_the_program,
        "as the program has": test_motor_driver_gauge_and_sensor_are_as_the_program_has_them,
        "led": test_the_led_has_a_resistor_or_is_on_the_board,
    }[what]
    with pytest.raises(AssertionError):
        check("cheap")


# --- the parts --------------------------------------------------------------------------------------------------------


def parts(build):
    return [row for row in hardware.bill(BUILDS[build]) if row["build"] in ("", build)]


@builds
def test_every_drawn_part_is_on_the_list_and_the_other_way_round(build):
    drawn = {pin.split()[0] for pin in wiring(build).pins}
    named = Counter(row["name"] for row in parts(build) if row["name"])
    assert set(named) == drawn
    assert max(named.values()) == 1
    assert all(int(row["quantity"]) >= 1 and row["part"] and row["for"] for row in parts(build))


def driver_titles():
    """First docstring paragraph of each driver, in which it names its chips; without dashes."""
    texts = [path.read_text() for path in (ROOT / "firmware/drivers").glob("*.py")]
    return [text.split('"""')[1].split("\n\n")[0].lower().replace("-", "") for text in texts if '"""' in text]


@builds
def test_every_chip_has_a_driver_and_every_driver_of_the_build_its_part(build):
    b = pins.BUILDS[build]
    bought = {row["chip"] for row in parts(build) if row["chip"]}
    undriven = {chip for chip in bought if not any(chip in title for title in driver_titles())}
    assert not undriven
    sensors = bought & {chip.name for chip in chips.TABLE}
    assert len(sensors) == 1
    assert bought == sensors | {part for part in (b.motor, b.gauge) if part not in ("transistor", "adc")}


@builds
def test_the_motor_is_the_one_the_program_drives(build):
    actuator = pins.BUILDS[build].actuator
    assert actuator in ACTUATORS
    assert [row["number"] for row in parts(build) if row["name"] == "MOTOR"] == [actuator]


@builds
def test_values_on_the_list_are_those_of_the_drawing(build):
    text = {row["name"]: row["part"] for row in parts(build)}
    assert all(value in text[name] for name, value in wiring(build).values.items())


# --- the solids -------------------------------------------------------------------------------------------------------

SOLIDS = sorted((HARDWARE / "enclosure").glob("*.stl"))
BOXES = {  # length, width over the strap's ears or of the lid, height: as README.md tells them, and room for what is in
    "reference-body": (89.1, 55.0, 18.6),
    "reference-lid": (89.1, 39.0, 3.2),
    "cheap-body": (83.7, 58.7, 17.5),
    "cheap-lid": (83.7, 42.7, 3.2),
}


def test_there_is_a_solid_for_each_box():
    assert [path.stem for path in SOLIDS] == sorted(BOXES)


@pytest.mark.parametrize("path", SOLIDS, ids=lambda path: path.stem)
def test_a_solid_is_closed_of_the_right_size_and_small(path):
    corners = triangles(path)
    loose, points = open_edges(corners)
    assert loose == []
    np.testing.assert_allclose(np.ptp(points, axis=0), BOXES[path.stem], atol=0.1)
    assert 5_000 < volume_mm3(corners) < 25_000  # inside out it would be negative
    assert path.stat().st_size < 300_000


def test_a_solid_with_a_hole_is_noticed():
    loose, _ = open_edges(triangles(SOLIDS[0])[1:])
    assert len(loose) == 3


def test_the_readme_has_the_cases_sizes():
    text = (HARDWARE / "README.md").read_text()
    for build in hardware.CASES:
        (x, y, _), (_, _, lid) = BOXES[f"{build}-lid"], BOXES[f"{build}-lid"]
        height = BOXES[f"{build}-body"][2] + lid - 1.0  # collar and arrow stand out
        assert f"{x:.0f} x {y:.0f} x {height:.0f} mm" in text


def test_parts_fit_into_the_case_with_room_for_a_swollen_cell():
    pytest.importorskip("manifold3d", reason="needs the extra `hardware`: make hardware")
    case = hardware.module(hardware.CASE / "case.py")
    for build in case.BUILDS.values():
        solids, inside = case.solids(build), case.contents(build)
        names = list(inside)
        for i, name in enumerate(names):
            others = [solids["body"], solids["lid"], *(inside[n] for n in names[i + 1 :])]
            assert all((inside[name] ^ other).volume() < 0.01 for other in others), (build.name, name)
        assert build.motor_x > build.rib_x
        end_of_board = case.WALL + case.GAP + build.board.x
        assert build.rib_x + 1 <= end_of_board <= build.rib_x + case.WALL  # it rests on the wall
        assert case.SWELL >= 1.1
        assert min(case.WALL, case.FLOOR, case.LID) >= 2.0
        assert case.MOTOR_FLOOR >= 1.0


# --- sums and pictures --------------------------------------------------------------------------------------------


def test_what_is_made_is_fresh():
    assert hardware.stale() == [], "make hardware"


def test_a_changed_source_or_picture_is_noticed(monkeypatch):
    now = hardware.state()
    now["wiring-reference.svg"] = {**now["wiring-reference.svg"], "from": "0"}
    monkeypatch.setattr(hardware, "state", lambda: now)
    assert hardware.stale() == ["wiring-reference.svg"]


@pytest.fixture
def power():
    return hardware.module(HARDWARE / "power.py")


def test_the_budget_is_of_the_programs_builds_and_clock(power):
    data = power.read()
    assert set(data["build"]) == set(pins.BUILDS)
    assert pins.CPU_HZ // 1_000_000 in power.MHZ
    radio = (ROOT / "firmware/tasks/radio.py").read_text()
    assert f"_ADVERTISE_US = {data['assumed']['advertise_interval_ms'] * 1000:_}" in radio
    for build, b in pins.BUILDS.items():
        asked = data["build"][build]
        assert asked.get("driver", "transistor") == b.motor
        assert asked["motor"] == ("lra" if ACTUATORS[b.actuator].lra else "erm")
        assert asked["sensor"] in {row["chip"] for row in parts(build)}


def test_every_current_has_a_source_and_is_used(power):
    data = power.read()
    for name, current in data["current"].items():
        assert 0 <= current["low"] <= current["high"], name
        assert len(current["source"]) > 12, name
    used = {f"cpu_{mhz}" for mhz in power.MHZ} | {"radio"}
    for build in data["build"].values():
        chips_in = {build[key] for key in ("sensor", "driver") if key in build}
        used |= {*build["always"], build["motor"], *chips_in, *(chip + "_waits" for chip in chips_in)}
    assert used == set(data["current"])


def test_the_sums_by_hand(power):
    data = power.read()
    assert power.allowed_ma(data["assumed"]) == pytest.approx(0.8 * 500 / 7)
    total = power.draw(data, "reference", "run, linked", 240)
    motor = 10 * 0.2 / 60
    assert total.low == pytest.approx(30 + 0.1 * 95 + 0.55 + 0.65 + 0.85 + motor * 75)
    assert total.high == pytest.approx(68 + 0.1 * 130 + 0.55 + 0.65 + 0.85 + motor * 85)
    assert power.draw(data, "cheap", "asleep", 0).low == pytest.approx(8.15 + 0.004 + 0.015 + 0.01)
    assert [power.verdict(power.Range(*r), 57) for r in ((40, 50), (40, 60), (58, 60))] == [
        "meets", "to be measured", "misses",
    ]  # fmt: skip

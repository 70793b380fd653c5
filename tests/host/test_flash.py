# SPDX-License-Identifier: MIT
"""MicroPython onto a board: nothing is erased before image, chip and flash are right; by the real esptool."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kneesense import espimage, flasher, officialimage, partitions, ports
from kneesense.cli.app import run
from kneesense.errors import FlashFailed, InputError, NothingFound
from kneesense.ports import Port
from kneesense.world.romloader import ESP32_S2, RomLoader, image
from kneesense.world.romloader import image_part as part

CP2102 = Port("COM3", 0x10C4, 0xEA60, "CP2102N")
CH340 = Port("COM7", 0x1A86, 0x7523, "CH340")
MODEM = Port("COM1", 0x1199, 0x9071, "LTE modem")
BLUETOOTH = Port("COM2", None, None, "Bluetooth link")

needs_esptool = pytest.mark.skipif(
    importlib.util.find_spec("esptool") is None, reason="no esptool: pip install -e '.[dev]'"
)


@pytest.fixture
def board() -> Iterator[Callable[..., RomLoader]]:
    made: list[RomLoader] = []

    def make(**faults: int) -> RomLoader:
        made.append(RomLoader(**faults))
        return made[-1]

    yield make
    for loader in made:
        loader.close()


@pytest.fixture
def image_file(tmp_path: Path) -> Path:
    path = tmp_path / "ESP32_GENERIC.bin"
    path.write_bytes(image())
    return path


def test_a_whole_image_is_taken() -> None:
    espimage.checked(image())
    espimage.checked(image(), hashlib.sha256(image()).hexdigest().upper())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (image()[:-1], "cut in its program"),
        (image()[:0xF000], "no program"),
        (image()[:0x3000], "cut in its bootloader"),
        (image()[:-9000], "cut in its program"),
        (image()[:0x8000] + b"\0" + image()[0x8001:], None),  # between the parts nothing counts
        (image()[:0x4000] + b"\0" + image()[0x4001:], "bootloader is damaged"),
        (image()[:0x12000] + b"\0" + image()[0x12001:], "program is damaged"),
        (image(9), "another chip"),
        (b"", "no bootloader"),
        (b"<html>not found</html>" * 5000, "no bootloader"),
    ],
)
def test_a_cut_flipped_or_foreign_image_is_refused(content: bytes, said: str | None) -> None:
    if said is None:
        espimage.checked(content)
        return
    with pytest.raises(InputError, match=said):
        espimage.checked(content)


def test_another_hash_than_the_published_one_is_refused() -> None:
    with pytest.raises(InputError, match="not the one that was given"):
        espimage.checked(image(), "00" * 32)


def test_the_partition_table_is_ours_and_the_rest_as_it_was() -> None:
    made = espimage.with_table(image(), 8)
    assert made[0x7000:0x7C00] == partitions.to_binary(partitions.table(8))
    assert made[:0x7000] == image()[:0x7000]
    assert made[0x8000:] == image()[0x8000:]


@needs_esptool
def test_a_board_is_flashed_and_read_back_by_esptool(
    board: Callable[..., RomLoader], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(officialimage, "kept", image)  # downloaded before
    rom = board(fastest_baud=115200)  # a poor cable: the first speed fails
    assert run(["flash", "--port", rom.port, "--yes", "--no-firmware"]) == 0
    told = capsys.readouterr().out
    assert "at 115200 baud" in told
    assert "whether it starts was not looked at" in " ".join(told.split())  # the board has not said it
    (vfs, log) = [p for p in partitions.table(4) if p.name in ("vfs", "log")]
    assert rom.flash[0x8000:0x8C00] == partitions.to_binary(partitions.table(4))
    assert rom.flash[0x10000 : 0x10000 + len(part(60001))] == part(60001)
    assert rom.flash[vfs.offset : vfs.offset + 8192] == b"\xff" * 8192
    assert rom.flash[log.offset :] == b"\x5a" * log.size


@needs_esptool
@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"flash_mb": 2}, "2 MB of flash, a unit 4, 8, 16"),
        ({"magic": ESP32_S2}, "ESP32-S2, a unit has an ESP32"),
    ],
)
def test_another_chip_or_flash_size_stops_before_anything_is_erased(
    board: Callable[..., RomLoader],
    image_file: Path,
    faults: dict[str, int],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rom = board(**faults)
    assert run(["flash", "--image", str(image_file), "--port", rom.port, "--yes"]) == 1
    assert said in capsys.readouterr().err
    assert not rom.written


@needs_esptool
@pytest.mark.parametrize(
    ("faults", "said"),
    [({"unplugged_after": 30_000}, "went away in the middle"), ({"worn_at": 0x10000 + 5000}, "MD5")],
    ids=["unplugged", "worn out"],
)
def test_a_board_that_is_lost_or_keeps_something_else_is_no_success(
    board: Callable[..., RomLoader],
    image_file: Path,
    faults: dict[str, int],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rom = board(**faults)
    assert run(["flash", "--image", str(image_file), "--port", rom.port, "--yes", "--json"]) == 1
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rom.written
    assert [record["type"] for record in records] == ["error", "summary"]
    assert records[0]["code"] == "flash_failed"
    assert said in f"{records[0]['message']} {records[0]['advice']}"
    assert "firmware" not in records[-1]


@needs_esptool
def test_without_consent_nothing_is_erased(board: Callable[..., RomLoader], image_file: Path) -> None:
    rom = board()
    assert run(["flash", "--image", str(image_file), "--port", rom.port]) == 2
    assert not rom.written


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (
            "A fatal error occurred: Failed to connect to ESP32: Wrong boot mode detected (0x13)! The chip ...",
            "BOOT",
        ),
        ("A fatal error occurred: Failed to connect to ESP32: No serial data received.", "charging only"),
        ("A fatal error occurred: Invalid head of packet (0x07): Possible serial noise", "another cable"),
        (
            "A fatal error occurred: Could not open COM3, the port is busy or doesn't exist.",
            "close the program",
        ),
        ("", "another cable"),
    ],
)
def test_what_esptool_says_is_explained(said: str, hint: str) -> None:
    what, advice = flasher.explained(said)
    assert hint in advice
    assert said.removeprefix("A fatal error occurred: ")[:40] in what


def test_the_only_candidate_is_taken_and_others_are_not_looked_at() -> None:
    assert ports.choose([BLUETOOTH, MODEM, CH340]) == "COM7"


@pytest.mark.parametrize(
    ("listed", "kind", "said"),
    [
        ([CP2102, CH340], InputError, r"2 ports may be a unit: COM3 \(10c4:ea60, CP210x\), COM7"),
        ([MODEM], NothingFound, r"known: COM1 \(1199:9071, LTE modem\)"),
        ([BLUETOOTH], NothingFound, "no USB serial port"),
        ([], NothingFound, "no USB serial port"),
    ],
)
def test_a_port_is_never_guessed(listed: list[Port], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        ports.choose(listed)
    assert ports.choose(listed, "COM9") == "COM9"


@needs_esptool
def test_a_port_that_is_not_there_is_one_plain_error(
    image_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["flash", "--image", str(image_file), "--port", "nowhere", "--yes"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_in_the_arguments_is_told() -> None:
    with pytest.raises(FlashFailed, match="ESP32-S3"):
        flasher.fit(flasher.Board("ESP32-S3", 8, ""))

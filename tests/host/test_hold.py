# SPDX-License-Identifier: MIT
"""One program of this computer talks to a unit; another one is told which, and the end of the first, however it comes,
lets go.  Two programs on one store wait for each other."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kneesense import ble
from kneesense.device import Device
from kneesense.errors import InUse
from kneesense.hold import Hold
from kneesense.store import Store, Unit

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from kneesense.hold import Hold
hold = Hold(sys.argv[1])
hold.take()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(home):
    """Another program that has the unit 0c0d."""
    paths = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "host"), str(ROOT / "firmware")))}
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDER, "0c0d"], env=paths, stdout=subprocess.PIPE, text=True
    )
    with program:
        assert program.stdout.readline() == "held\n"
        yield program
        program.kill()


@pytest.mark.parametrize("name", ["0c0d", "0C0D", "kneesense-0c0d"])
def test_a_unit_in_use_names_the_program_that_has_it(holder, name):
    with pytest.raises(InUse, match=f"process {holder.pid}") as caught:
        Hold(name).take()
    assert caught.value.process == str(holder.pid)
    other = Hold("beef")
    other.take()
    other.release()


def test_a_killed_program_has_let_go(holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    hold = Hold("0c0d")
    hold.take()
    with pytest.raises(InUse, match=f"process {os.getpid()}"):
        Hold("0c0d").take()
    hold.release()
    hold.take()
    hold.release()


def test_without_a_folder_to_write_to_there_is_no_lock_and_no_harm(monkeypatch, tmp_path):
    (tmp_path / "in-use").write_text("no folder")
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path))
    Hold("0c0d").take()


async def test_a_link_holds_its_unit_as_long_as_it_is_open(stack, home):
    async with Device(ble.BleLink("0c0d")):
        with pytest.raises(InUse):
            await ble.BleLink("0c0d").open()
    async with Device(ble.BleLink("0c0d")):
        pass


@pytest.mark.parametrize("command", [("run",), ("run", "--attach"), ("sync",), ("status",), ("cue",)])
def test_every_command_says_who_has_the_unit(tell, stack, home, holder, command):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
    code, _, err = tell(*command)
    assert code == 1
    assert f"unit 0c0d is in use by another kneesense (process {holder.pid})" in err[-1]
    assert stack.unit.commands == []

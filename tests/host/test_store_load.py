# SPDX-License-Identifier: MIT
"""Two units at once, ten batches a second each at twenty times the pace, a reader that polls, and a kill."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kneesense.store import Store

ROOT = Path(__file__).parents[2]
UNITS = ("0a0b0c0d", "0a0b0c0e")
WRITER = """
    import sys, time
    from pathlib import Path
    from test_store import mark
    from kneesense.store import Store
    began = time.monotonic()
    with Store(Path(sys.argv[1])) as store:
        for batch in range(6000):
            for unit in sys.argv[2:]:
                store.add(unit, [mark(1, 10 * batch + i) for i in range(10)])
            print(batch, flush=True)
            time.sleep(max(began + batch / 200 - time.monotonic(), 0))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_taken_from_two_units_is_there_after_a_kill_under_load(tmp_path, seed):
    file = tmp_path / "runs.sqlite"
    paths = os.pathsep.join(str(ROOT / part) for part in ("firmware", "host", "tests/host"))
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(file), *UNITS],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )
    kill_at = random.Random(seed).randint(100, 300)
    seen = dict.fromkeys(UNITS, 0)
    with writer:
        for line in writer.stdout:
            if int(line) % 20 == 0:
                with Store(file, read_only=True) as store:
                    for unit in UNITS:
                        rows = len(store.records(unit))
                        assert rows >= max(10 * (int(line) + 1), seen[unit])
                        seen[unit] = rows
            if int(line) == kill_at:
                writer.kill()
                told = [int(line), *map(int, writer.stdout)]
                break
    with Store(file) as store:
        assert store.problems() == []
        for unit in UNITS:
            numbers = [record.seq for record in store.records(unit)]
            assert numbers == list(range(len(numbers)))
            assert 10 * (told[-1] + 1) <= len(numbers) <= 10 * (told[-1] + 2)

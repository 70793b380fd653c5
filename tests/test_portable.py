# SPDX-License-Identifier: MIT
"""Each script in tests/portable prints the same on every interpreter.

All of them find the golden vectors beside them.  A test with inputs of its own calls `interpreters.run` the same way.
"""

from functools import cache
from pathlib import Path

import pytest

from interpreters import CPYTHON, MICROPYTHONS, missing, run

HERE = Path(__file__).parent
INPUTS_OF_THEIR_OWN = {"pipeline_digest.py"}  # and a test of their own
SCRIPTS = sorted(
    set((HERE / "portable").glob("*.py")) - {HERE / "portable" / name for name in INPUTS_OF_THEIR_OWN}
)


@cache
def expected(script):
    return run(CPYTHON, script, HERE / "vectors")


@pytest.mark.parametrize("interpreter", MICROPYTHONS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_prints_the_same_as_on_cpython(script, interpreter):
    if reason := missing(interpreter):
        pytest.skip(reason)
    lines = expected(script).splitlines()
    assert lines, "the script printed nothing"
    assert run(interpreter, script, HERE / "vectors").splitlines() == lines

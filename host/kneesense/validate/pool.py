# SPDX-License-Identifier: MIT
"""Work on every core: processes that end at once, and in silence, when the user stops the command."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context


@contextmanager
def processes() -> Iterator[Executor]:
    """As many as there are cores.  Nothing of them is left when the block is left, by Ctrl-C either."""
    pool = ProcessPoolExecutor(os.cpu_count() or 1, get_context("spawn"), _die_at_once)
    try:
        yield pool
    except BaseException:
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _die_at_once() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

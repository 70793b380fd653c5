# SPDX-License-Identifier: MIT
"""`kneesense deploy`: this version's firmware onto a unit, over its USB cable."""

from __future__ import annotations

from pathlib import Path

from .output import DEFAULT_FLAGS, Flags, Output


def deploy(*, port: str | None = None, firmware: Path | None = None, flags: Flags = DEFAULT_FLAGS) -> None:
    """Put this version's firmware on a unit with MicroPython, over its USB cable: whole, or not at all.

    Only files that differ are sent. The unit moves them in when all of them are there and right, starts again and says
    its version; if it does not, its old firmware comes back. A run that goes on is ended; settings and log stay.

    Examples: kneesense deploy; kneesense deploy --port PORT

    Parameters
    ----------
    port
        Serial port of the unit. Default: the only one that can be a unit.
    firmware
        Folder of the firmware, for one of your own. Default: the one of this version.
    """
    from .. import ports
    from ..deploy import deploy as put
    from ..errors import InputError
    from ..repl import Repl, open_line
    from ..world.firmware import firmware_dir
    from .progress import bar

    out = Output(flags.json)
    source = firmware or firmware_dir()
    if not (source / "boot.py").is_file():
        raise InputError(f"{source}: holds no firmware, there is no boot.py in it")
    device = ports.choose(ports.listed(), port)
    out.note(f"firmware to the unit at {device}")
    repl = Repl(open_line(device))
    try:
        with bar(out, "sending") as told:
            done = put(repl, source, told)
    finally:
        repl.close()
    for line in done.dead:
        out.warn("part", f"the unit says: {line} (kneesense doctor)")
    how = f"{done.sent} of {done.files} files sent" if done.sent else "it had all of it already"
    out.record(
        {
            "type": "summary",
            "port": device,
            "firmware": done.version,
            "files": done.files,
            "sent": done.sent,
            "sent_bytes": done.sent_bytes,
        },
        f"the unit started again and runs {done.version} ({how})",
    )

# SPDX-License-Identifier: MIT
"""The host's exception tree: each error says what happened, `.advice` what to do next, `.exit_code` how to exit.

Exit codes: 1 device or link failed, 2 bad user input or file, 3 nothing found, adapter, permission or part missing.
`.code` is the stable name in JSON, and a heading in docs/troubleshooting.md.
"""

from __future__ import annotations

UPDATE_UNIT = "put this version's firmware on it, over its USB cable: kneesense deploy"
UPDATE_HOST = "update kneesense on this computer: `git pull` in its folder"


class KneesenseError(Exception):
    """Base of every error a user may meet."""

    exit_code = 1
    code = "failed"
    advice = ""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        if advice:
            self.advice = advice

    @property
    def help(self) -> str:
        """Where it is explained."""
        return f"docs/troubleshooting.md#{self.code}"


class InputError(KneesenseError):
    """A user's input or file that cannot be used."""

    exit_code = 2
    code = "input"


class ScreenUnanswered(InputError):
    """Cues were asked for before the runner's safety screen is answered."""

    code = "screen_unanswered"


class CuesWithheld(InputError):
    """Cues were asked for, but the runner's safety screen says to see someone first."""

    code = "cues_withheld"


def install_command(extra: str) -> str:
    """What adds the extra to the Python that runs this, from where kneesense itself was installed."""
    import json
    import shlex
    import sys
    from importlib import metadata
    from urllib.parse import unquote, urlsplit

    what, editable = "kneesense", ""
    try:
        origin = json.loads(metadata.distribution("kneesense").read_text("direct_url.json") or "{}")
        url = urlsplit(origin.get("url", ""))
        if url.scheme == "file":
            what = unquote(url.path)
            editable = "-e " * bool(origin.get("dir_info", {}).get("editable"))
    except (metadata.PackageNotFoundError, ValueError):
        pass
    return f"{shlex.quote(sys.executable)} -m pip install {editable}{shlex.quote(f'{what}[{extra}]')}"


class ExtraMissing(KneesenseError):
    """An optional part is not installed."""

    exit_code = 3
    code = "extra_missing"

    def __init__(self, extra: str, why: str = "", advice: str = "") -> None:
        self.extra = extra
        super().__init__(why or f"the extra '{extra}' is not installed", advice or install_command(extra))


class NothingFound(KneesenseError):
    """No unit, run or file of the kind asked for."""

    exit_code = 3
    code = "nothing_found"


class AdapterError(KneesenseError):
    """This computer's Bluetooth cannot be used: absent, off, or not permitted (`reason`)."""

    exit_code = 3
    code = "adapter"

    def __init__(self, reason: str, message: str, advice: str) -> None:
        self.reason = reason
        super().__init__(message, advice)


class LinkLost(KneesenseError):
    """The connection broke, or a step of it took longer than its deadline."""

    code = "link_lost"
    advice = "keep the unit within a few metres, switched on and not connected to another program"


class InUse(LinkLost):
    """Another program of this computer is connected to the unit."""

    code = "in_use"

    def __init__(self, unit: str, process: str = "") -> None:
        self.process = process
        by = f"another kneesense (process {process})" if process else "another kneesense"
        super().__init__(f"unit {unit} is in use by {by}", "end that one, or wait until it is done")


class NotTrusted(KneesenseError):
    """The unit obeys only computers it is paired with, and this one is not."""

    code = "not_trusted"
    advice = (
        "hold the unit's button until it has buzzed twice (3 s), let go, then within a minute: kneesense pair UNIT;"
        " if this computer was paired before, forget the unit in its Bluetooth settings first"
    )

    def __init__(self, advice: str = "") -> None:
        super().__init__("the unit does not know this computer", advice)


class VersionMismatch(KneesenseError):
    """Unit and host speak different major versions of the wire."""

    code = "version_mismatch"

    def __init__(self, device: int, host: int) -> None:
        self.device, self.host = device, host
        super().__init__(
            f"the unit speaks wire version {device}, this program {host}",
            UPDATE_UNIT if device < host else UPDATE_HOST,
        )


class CommandRefused(KneesenseError):
    """The unit answered a command with something other than ok."""

    code = "refused"

    def __init__(self, command: str, status: str, advice: str = "") -> None:
        self.command, self.status = command, status
        super().__init__(f"the unit answered '{status}' to {command}", advice)


class TransferIncomplete(KneesenseError):
    """A log transfer ended with fewer records received than the unit sent."""

    code = "transfer_incomplete"
    advice = "the records are still on the unit: try again"

    def __init__(self, sent: int, received: int) -> None:
        self.sent, self.received = sent, received
        super().__init__(f"{received} of {sent} records of the log arrived")


class StoreError(KneesenseError):
    """The store cannot be opened, read or written."""

    exit_code = 2
    code = "store"


class StoreBusy(StoreError):
    """Another program keeps the store from being written; what was committed stays."""

    exit_code = 1
    code = "store_busy"


class StoreFull(StoreError):
    """No space is left for the store; what was committed stays, the rest is still on the unit."""

    exit_code = 1
    code = "store_full"


class SerialFailed(KneesenseError):
    """The serial port cannot be opened, or has gone (`reason`)."""

    code = "serial"

    def __init__(self, reason: str, message: str, advice: str) -> None:
        self.reason = reason
        self.exit_code = 3 if reason == "permission" else 1
        super().__init__(message, advice)


class NoPrompt(KneesenseError):
    """The serial line is open, but no MicroPython answers at it (`heard`: what came instead)."""

    code = "no_prompt"

    def __init__(self, heard: bytes, message: str, advice: str) -> None:
        self.heard = heard
        super().__init__(message, advice)


class UnitRaised(KneesenseError):
    """Code that was run over the serial line raised on the unit."""

    code = "unit_raised"


class WrongInterpreter(KneesenseError):
    """The unit's MicroPython cannot run what the compiler makes."""

    code = "wrong_interpreter"
    advice = "kneesense flash writes one that does"


class DeployFailed(KneesenseError):
    """The unit does not run the new program (`what`); `on_unit` says what it has instead."""

    code = "deploy_failed"

    def __init__(self, what: str, on_unit: str, advice: str = "kneesense doctor") -> None:
        self.what = what
        self.on_unit = on_unit
        super().__init__(f"{what}; {on_unit}", advice)


class FlashFailed(KneesenseError):
    """The board was not flashed: it does not fit, or esptool failed."""

    code = "flash_failed"

    def __init__(self, message: str, advice: str, said: str = "") -> None:
        self.said = said  # all that esptool printed
        super().__init__(message, advice)


class DownloadFailed(KneesenseError):
    """What is fetched from the network did not come whole, or is not what it should be."""

    exit_code = 3
    code = "download_failed"
    advice = "try again (what has come is kept), or fetch the file elsewhere and name it with --image"

# SPDX-License-Identifier: MIT
# How the ESP32 port starts (ports/esp32/main.c, shared/runtime/pyexec.c): boot.py, then main.py unless boot.py raised
# or the raw prompt is on, then a prompt.  SystemExit is a soft reset.  What comes over the serial line is `typed`:
# Ctrl-C is a KeyboardInterrupt wherever the program is, what comes after it waits for the prompt.
import os
import sys
from binascii import unhexlify

import world_link

_waiting = b""


def _on_typed(payload):
    global _waiting
    data = unhexlify(payload)
    _waiting += data
    if b"\x03" in data:
        _waiting = data[data.rfind(b"\x03") + 1 :]
        raise KeyboardInterrupt


def _soft_reset():
    sys.stdout.write("MPY: soft reboot\r\n")
    world_link.call("power", "reset", (5,))


def _run(name):
    try:
        os.stat(name)
    except OSError:
        return True  # as an empty one
    try:
        execfile(name, {"__name__": "__main__"})  # noqa: F821
    except SystemExit:
        _soft_reset()
    except BaseException as error:
        sys.print_exception(error)
        return False
    return True


world_link.handlers["typed"] = _on_typed
_is_raw = world_link.call("serial", None)
if _run("boot.py") and not _is_raw:
    _run("main.py")

import prompt  # noqa: E402  a program that runs has its memory

prompt.serve(_is_raw, _waiting, _soft_reset)

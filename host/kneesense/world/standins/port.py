# SPDX-License-Identifier: MIT
# How the ESP32 port starts (ports/esp32/main.c, shared/runtime/pyexec.c): boot.py, then main.py unless boot.py raised
# or the raw prompt is on, then a prompt.  SystemExit is a soft reset.  What comes over the serial line is `typed`:
# Ctrl-C is a KeyboardInterrupt wherever the program is, the rest waits for the prompt.
import os
import sys
from binascii import unhexlify

import world_link

_WINDOW = 64  # of the raw-paste mode
_typed = bytearray()
_busy = True  # code runs: Ctrl-C ends it
_globals = {"__name__": "__main__"}


def _on_typed(payload):
    global _typed
    data = unhexlify(payload)
    if _busy and b"\x03" in data:
        _typed = bytearray(data[data.rfind(b"\x03") + 1 :])
        raise KeyboardInterrupt
    _typed.extend(data)


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


def _soft_reset():
    sys.stdout.write("MPY: soft reboot\r\n")
    world_link.call("power", "reset", (5,))


def _some(most):
    """The next bytes that were typed, at least one."""
    global _typed
    while not _typed:
        world_link.wait(1 << 62, lambda: _typed)
    first = _typed[:most]
    _typed = _typed[most:]
    return first


def _byte():
    return _some(1)[0]


def _raw(on):
    """The prompt of that kind, also after a soft reset."""
    world_link.call("serial", on)
    sys.stdout.write("raw REPL; CTRL-B to exit\r\n>" if on else "\r\n>>> ")


def _pasted():
    """Code by windows (raw-paste mode): the other end sends no more than we have room for."""
    sys.stdout.write("R\x01" + chr(_WINDOW) + "\0")
    code = bytearray()
    while True:
        piece = _some(_WINDOW - len(code) % _WINDOW)
        end = piece.find(b"\x04")
        if end >= 0:  # nothing is sent after it before our answer
            sys.stdout.write("\x04")
            return code + piece[:end]
        code.extend(piece)
        if len(code) % _WINDOW == 0:
            sys.stdout.write("\x01")


def _answered(code):
    global _busy
    _busy = True
    try:
        exec(bytes(code).decode(), _globals)
        sys.stdout.write("\x04")
    except SystemExit:
        _soft_reset()
    except BaseException as error:
        sys.stdout.write("\x04")
        sys.print_exception(error)
    finally:
        _busy = False
    sys.stdout.write("\x04>")


def _prompt(raw):
    line = bytearray()
    while True:
        byte = _byte()
        if byte in (1, 2):
            raw = byte == 1
            _raw(raw)
        elif byte == 4 and line and raw:
            sys.stdout.write("OK")
            _answered(line)
        elif byte == 4:
            _soft_reset()
        elif byte == 5 and raw:
            if (_byte(), _byte()) == (65, 1):
                _answered(_pasted())
            continue
        elif byte != 3:
            line.append(byte)
            continue
        line = bytearray()


world_link.handlers["typed"] = _on_typed
_is_raw = world_link.call("serial", None)
if _run("boot.py") and not _is_raw:
    _run("main.py")
_busy = False
_raw(_is_raw)
_prompt(_is_raw)

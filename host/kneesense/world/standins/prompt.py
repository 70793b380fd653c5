# SPDX-License-Identifier: MIT
# MicroPython's prompt, as far as a host uses it: Ctrl-A to D, raw mode and raw-paste mode (docs/reference/repl.rst).
import sys
from binascii import unhexlify

import world_link

_WINDOW = 64  # of the raw-paste mode
_typed = bytearray()
_executing = False
_globals = {"__name__": "__main__"}


def _on_typed(payload):
    global _typed
    data = unhexlify(payload)
    if _executing and b"\x03" in data:
        _typed = bytearray(data[data.rfind(b"\x03") + 1 :])
        raise KeyboardInterrupt
    _typed.extend(data)


def _some(most):
    # The next bytes that were typed, at least one.
    global _typed
    while not _typed:
        world_link.wait(1 << 62, lambda: _typed)
    first = _typed[:most]
    _typed = _typed[most:]
    return first


def _byte():
    return _some(1)[0]


def _begin(raw):
    # The prompt of that kind, also after a soft reset.
    world_link.call("serial", raw)
    sys.stdout.write("raw REPL; CTRL-B to exit\r\n>" if raw else "\r\n>>> ")


def _pasted():
    # Code by windows: the other end sends no more than we have room for, and nothing after it before our answer.
    sys.stdout.write("R\x01" + chr(_WINDOW) + "\0")
    code = bytearray()
    while True:
        piece = _some(_WINDOW - len(code) % _WINDOW)
        end = piece.find(b"\x04")
        if end >= 0:
            sys.stdout.write("\x04")
            return code + piece[:end]
        code.extend(piece)
        if len(code) % _WINDOW == 0:
            sys.stdout.write("\x01")


def _execute(code, soft_reset):
    global _executing
    _executing = True
    try:
        exec(bytes(code).decode(), _globals)
        sys.stdout.write("\x04")
    except SystemExit:
        soft_reset()
    except BaseException as error:
        sys.stdout.write("\x04")
        sys.print_exception(error)
    finally:
        _executing = False
    sys.stdout.write("\x04>")


def serve(raw, typed, soft_reset):
    _typed.extend(typed)
    world_link.handlers["typed"] = _on_typed
    _begin(raw)
    line = bytearray()
    while True:
        byte = _byte()
        if byte in (1, 2):
            raw = byte == 1
            _begin(raw)
        elif byte == 4 and line and raw:
            sys.stdout.write("OK")
            _execute(line, soft_reset)
        elif byte == 4:
            soft_reset()
        elif byte == 5 and raw:
            if (_byte(), _byte()) == (65, 1):
                _execute(_pasted(), soft_reset)
            continue
        elif byte != 3:
            line.append(byte)
            continue
        line = bytearray()

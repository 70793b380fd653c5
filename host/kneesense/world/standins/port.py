# SPDX-License-Identifier: MIT
# How the ESP32 port starts (ports/esp32/main.c, shared/runtime/pyexec.c): boot.py, then main.py unless boot.py raised,
# then a prompt, at which nobody types here but soft callbacks and the hardware go on.  SystemExit is a soft reset.
# Ctrl-C, as a host sends it over the serial line, is a KeyboardInterrupt wherever the program is.
import os
import sys

import world_link


def _ctrl_c(payload):
    raise KeyboardInterrupt


def _run(name):
    try:
        os.stat(name)
    except OSError:
        return True  # as an empty one
    try:
        execfile(name, {"__name__": "__main__"})  # noqa: F821
    except SystemExit:
        world_link.call("power", "reset", (5,))
    except BaseException as error:
        sys.print_exception(error)
        return False
    return True


world_link.handlers["ctrl_c"] = _ctrl_c
if _run("boot.py"):
    _run("main.py")
print(">>>")
while True:
    try:
        world_link.wait(1 << 62)
    except KeyboardInterrupt:
        pass

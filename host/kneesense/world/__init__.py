# SPDX-License-Identifier: MIT
"""The virtual world: the unmodified firmware in a real MicroPython process, with only its hardware replaced.

`clock` owns the one virtual time, `board` the parts on the unit (bus, pins, motor, radio), `air` the radio between it
and the host, `firmware` starts the process; `standins/` holds the MicroPython modules that replace `time`, `select`,
`machine`, `esp32` and `bluetooth` there.  Needs the extra `demo`.
"""

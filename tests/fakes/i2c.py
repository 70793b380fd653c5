# SPDX-License-Identifier: MIT
"""machine.I2C on a desk: chips of the virtual world on one bus, time that passes only in sleep_ms."""

import errno


class Desk:
    """A clock and a bus.  `chips` answer in turn; the first that does not say ENODEV is the one addressed."""

    def __init__(self):
        self.now_us = 0
        self.chips = []
        self.writes = []  # (register, value) of every byte written

    def clock(self):
        return self.now_us

    def sleep_ms(self, ms):
        self.now_us += ms * 1000

    def readfrom_mem(self, address, register, n):
        return self._addressed(lambda chip: chip.read(address, register, n))

    def readfrom_mem_into(self, address, register, buffer):
        buffer[:] = self.readfrom_mem(address, register, len(buffer))

    def writeto_mem(self, address, register, data):
        self.writes += [(register + i, value) for i, value in enumerate(data)]
        self._addressed(lambda chip: chip.write(address, register, bytes(data)))

    def _addressed(self, use):
        for chip in self.chips:
            try:
                return use(chip)
            except OSError as error:
                if error.args[0] != errno.ENODEV:
                    raise
        raise OSError(errno.ENODEV)

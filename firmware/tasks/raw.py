# SPDX-License-Identifier: MIT
"""Raw recording: every sample of a run into the log, 19 to a record, while the log has room for it.

Records are numbered like all others but not offered to the radio: a host fetches them.  A record holds samples in a
row, so what is missing in a run begins a new one.  500 samples a second make 26 records and 6.7 KB a second.
"""

from kneecore.rawrecord import RawRecord


class Raw:
    def __init__(self, journal) -> None:
        self._journal = journal
        self._record = RawRecord()
        self._on = False
        self._first = 0  # sample in the run of the record's first one

    def begin(self, wanted: int) -> None:
        """A run begins; is it to be recorded?"""
        self._on = bool(wanted)
        self._record.count = 0

    def take(self, batch, count: int, sample: int) -> None:
        """The run's samples from `sample` on."""
        if not self._on:
            return
        record = self._record
        if record.count and sample != self._first + record.count and not self._write():
            return
        taken = 0
        while taken < count:
            if not record.count:
                self._first = sample + taken
            taken += record.put(batch, taken, count - taken)
            if record.full and not self._write():
                return

    def end(self) -> None:
        """The run is over: what is left goes into a shorter record."""
        if self._on and self._record.count:
            self._write()
        self._on = False

    def _write(self) -> bool:
        """False: there is no room any more, and no more samples are recorded in this run."""
        journal = self._journal
        if not journal.room_for_raw:
            self._on = False
            journal.notice("raw_stopped", self._first)
            return False
        journal.record_raw(self._record, self._first)
        return True

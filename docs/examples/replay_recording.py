# SPDX-License-Identifier: MIT
"""The unit's own signal processing on a recording: python replay_recording.py FILE.csv.gz left|right"""

import sys

from kneecore import chips
from kneecore.settings import Settings
from kneesense import recording, selfcal
from kneesense.pace import RunPace
from kneesense.records import RunRecords
from kneesense.replay import replay


def main(file: str, side: str) -> None:
    loaded = recording.load(file)
    worn = selfcal.auto(loaded, side).calibration  # how it sat on the leg, from the recording itself
    chip = chips.find(worn.chip)
    counts = recording.quantise(loaded, chip.rate_hz, chip, worn.clock_ratio)
    reader = RunRecords({}, t0_s=counts.t0_s, rate=RunPace(counts.true_hz, counts.true_hz != counts.rate_hz))
    for name, fields in replay(counts, chip, worn, Settings()):
        record = reader.feed(name, fields)  # the records of docs/contract.md
        if record is not None and record["type"] == "stride":
            print(f"{record['ic_s']:8.3f} s  {record['gait']:6}  {record['cadence_spm'] or 0:6.1f} spm")
    summary = reader.summary(log=None)
    print(f"{summary['strides']} strides, {summary['mean_cadence_spm']:.1f} spm on average")


if __name__ == "__main__":
    main(*sys.argv[1:])

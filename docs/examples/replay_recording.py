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
            print(f"{record['ic_s']:8.3f} s  {record['gait']:6}  {shown(record['cadence_spm'])} spm")
    summary = reader.summary(log=None)
    print(f"{summary['strides']} strides, {shown(summary['mean_cadence_spm']).strip()} spm on average")


def shown(number: float | None) -> str:
    return f"{'-' if number is None else f'{number:.1f}':>6}"  # None is unknown, not 0


if __name__ == "__main__":
    main(*sys.argv[1:])

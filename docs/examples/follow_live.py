# SPDX-License-Identifier: MIT
"""A run while it goes on, from its JSON lines: kneesense run --json | python follow_live.py"""

import json
import sys
from collections import deque

LAST = 10  # strides that the cadence is a mean of


def main() -> None:
    lengths_s: deque[float] = deque(maxlen=LAST)
    for line in sys.stdin:
        record = json.loads(line)
        match record["type"]:
            case "stride" if record["gait"] == "run" and record["stride_s"]:
                lengths_s.append(record["stride_s"])
                cadence = 120 * len(lengths_s) / sum(lengths_s)  # steps of both feet
                print(f"{record['ic_s']:7.1f} s  {cadence:5.1f} spm  {record['cue_state']}", flush=True)
            case "cue":
                print(f"{record['t_s']:7.1f} s  buzz: {record['direction']} {record['rule']}", flush=True)
            case "alert" | "error":
                print(f"! {record['message']}", flush=True)
            case "summary":
                print(f"{record.get('strides', 0)} strides")
            case _:
                pass  # types of later versions too


if __name__ == "__main__":
    main()

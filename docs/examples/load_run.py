# SPDX-License-Identifier: MIT
"""The strides of a recorded run, as a table: python load_run.py [last | NUMBER] [STORE]"""

import sys
from pathlib import Path

from kneesense import Store, stored
from kneesense.paths import store_file


def main(which: str = "last", store: str = "") -> None:
    with Store(store_file(Path(store) if store else None)) as runs:
        run = stored.StoredRun(runs, stored.find(runs, which))
    print("ic_s,gait,cadence_spm,contact_s,lean_mid_deg,cue_state")
    for record in run.records:
        if record["type"] == "stride":
            keys = ("ic_s", "gait", "cadence_spm", "contact_s", "lean_mid_deg", "cue_state")
            print(*("" if record[key] is None else record[key] for key in keys), sep=",")  # None is unknown
    print(f"{run.summary['strides']} strides, {run.summary['cues']} cues", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])

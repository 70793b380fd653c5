# SPDX-License-Identifier: MIT
"""`kneesense alerts`: try where alerts go, and keep it for later runs."""

from __future__ import annotations

from typing import Any

from .output import DEFAULT_FLAGS, Flags, Output

_SLACK_S = 1.0  # beyond an outlet's own deadline


async def alerts(*to: str, flags: Flags = DEFAULT_FLAGS) -> int:
    """Try where alerts go besides the terminal, and keep it for later runs.

    A test alert goes to each. When all of them have delivered it, they are kept: every `kneesense run` on this computer
    then uses them, unless it has --alert. Without any, those that are kept are tried. Exit code 1 when one fails.

    Examples: kneesense alerts sound desktop; kneesense alerts webhook:https://HOST/PATH;
    kneesense alerts mqtts:USER@HOST/TOPIC; kneesense alerts; kneesense alerts none

    Parameters
    ----------
    to
        sound, desktop, webhook:URL, mqtt:HOST/TOPIC, mqtts:USER@HOST/TOPIC, or none, which forgets those that are kept.
    """
    from ..outlets import choice
    from ..outlets.delivery import DEADLINE_S, Deliveries

    out = Output(flags.json)
    outlets = choice.chosen(list(to) or None, out.warn)
    deliveries = Deliveries(outlets)
    alert = {"type": "alert", "t_s": None, "code": "test", "message": "a test: alerts of a run arrive here"}
    failed: list[str] = []

    def tell(delivery: dict[str, Any]) -> None:
        out.record(delivery)
        for name, worked in delivery["delivered"].items():
            out.note(f"{name}: {'delivered' if worked else 'NOT delivered: ' + delivery['why'][name]}")
        failed.extend(delivery["why"])

    deliveries.pass_on(alert, tell)
    counts = await deliveries.close(DEADLINE_S + _SLACK_S)
    keeps = bool(to) and not failed
    if keeps:
        choice.keep(to)
    if failed:
        last = "nothing was kept" if to else "kneesense run tells which alerts fail, and goes on"
    elif outlets:
        last = f"{'kept' if keeps else 'they are kept'} for later runs"
    else:
        last = "alerts are told on the terminal only"
    out.record({"type": "summary", "alerts": {}, **counts, "kept": keeps}, last)
    return 1 if failed else 0

# SPDX-License-Identifier: MIT
"""`kneesense run`: record a run live."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..cuesettings import step, target
from ..errors import InputError
from .consent import ScreenAnswers
from .options import Number, Seconds, Whole
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..store import Store, Unit

Cue = Literal["cadence", "lean", "impact", "metronome", "off"]


async def run(
    *,
    unit: str | None = None,
    runner: str | None = None,
    cue: Cue | None = None,
    offset: Number | None = None,
    band: Number | None = None,
    baseline: Whole | None = None,
    screen_answers: ScreenAnswers = None,
    calibration: list[Path] | None = None,
    raw: bool | None = None,
    duration_s: Annotated[Seconds | None, Parameter(name="--duration")] = None,
    attach: Annotated[bool, Parameter(negative=())] = False,
    end: Annotated[bool, Parameter(negative=())] = False,
    alert: Annotated[list[str] | None, Parameter(negative=())] = None,
    web: Annotated[bool, Parameter(negative=())] = False,
    tui: Annotated[bool, Parameter(negative=())] = False,
    port: Whole | None = None,
    browser: bool = True,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Record a run live: every stride, cues on the leg, alerts here.  Ctrl-C ends it.

    The unit records by itself: after a lost link or a killed program nothing is missing, see --attach.
    Each stride shows the state of the cue; why none comes is told when that changes.

    A runner with a unit on each leg is recorded with both, as one outing: each line begins with its leg, L or R.  One
    that is not there is told and looked for; the other goes on.  At the end both legs are compared.

    Examples: kneesense run --calibration me.json; kneesense run --cue cadence --offset 5 --duration 1800;
    kneesense run --cue off; kneesense run --attach; kneesense run --runner Ann --unit 0c0d;
    kneesense run --alert sound --alert webhook:https://HOST/PATH

    Parameters
    ----------
    unit
        Id of the unit. Default: every unit of the runner.
    runner
        Who runs. Default: the runner the units are paired with.
    cue
        Rule of the vibration cue, for this and later runs. Default: as it is set on the unit (`kneesense cue`).
    offset
        With --cue: target over the baseline, in percent; for lean in degrees. Default: 7.5 % for cadence, 0 for lean,
        -20 % for impact.
    band
        With --cue: half width of the dead zone around the target, in the same unit. Default: by the baseline's spread.
    baseline
        Steady run strides that make the baseline. Default: as it is set on the unit, at first 250 (about 3 minutes).
    screen_answers
        Answers of the safety screen before a runner's first cue, such as no,no,no,no,no. Asked for at a terminal.
    calibration
        Calibration file of this strapping, once for each leg. Default: the one the unit has.
    raw
        Record every sample too, in this and later runs, or not any more: kneesense show --recording writes them. They
        fill the unit's log within minutes where no computer fetches them.
    duration_s
        End the run after so many seconds.
    attach
        Neither start nor stop a run: fetch what is missing and follow what runs.
    end
        With --attach: end the run that goes on, after fetching all of it.
    web
        A live view as a web page too, for this computer only, with buttons for mark, pain and mute (extra `web`).
    tui
        The live view in the terminal instead of lines: m mark, p pain, u mute, q end (extra `tui`).
    port
        With --web: the page's port. Default: a free one.
    browser
        With --web, at a terminal: open the page.
    alert
        Where alerts go besides the terminal: sound, desktop, webhook:URL, mqtt:HOST/TOPIC, mqtts:USER@HOST/TOPIC, or
        none; once for each. Default: those that `kneesense alerts` has kept.
    """
    from .. import prescription, prescription_reader
    from ..alerts import Alerts
    from ..ble import BleLink
    from ..liveorders import Orders
    from ..liveview import LiveView
    from ..outlets.choice import chosen
    from ..outlets.delivery import Deliveries
    from ..paths import store_file
    from ..session import Plan, Session
    from ..store import Store
    from ..together import Together
    from .legs import LegOutput
    from .live import INTERRUPTED_S, AlertLine, AlertView, Beside, Follower, follow
    from .screens import Screens
    from .units import worn

    out = Output(flags.json)
    screens = Screens(web, tui, port, browser, out)
    if end and not attach:
        raise InputError(
            "--end ends a run that goes on without this computer", "kneesense run --attach --end"
        )
    if end and duration_s is not None:
        raise InputError("--end ends the run at once", "leave out --duration")
    given = {
        "cue": cue,
        "offset": offset,
        "band": band,
        "baseline": baseline,
        "screen-answers": screen_answers,
        "calibration": calibration,
        "raw": raw,
    }
    named = " ".join(f"--{name}" for name, value in given.items() if value is not None)
    if attach and named:
        raise InputError(f"{named}: --attach changes nothing of a run", f"leave out {named}")
    if cue is None and (offset is not None or band is not None):
        raise InputError("--offset and --band are in the unit of a rule", "name it: --cue cadence or another")
    values = target(cue, offset, band, whole=True) if cue else {}
    if baseline is not None:
        values["baseline_strides"] = step("baseline_strides", baseline, "--baseline")
    if raw is not None:
        values["raw_record"] = int(raw)
    deliveries = Deliveries(chosen(alert, out.warn))
    with Store(store_file(flags.store)) as store:
        units = worn(store.units(), unit, runner)
        who = runner or units[0].runner
        fields = _calibrations(calibration or [], units)
        if not attach:
            values |= _agreed(store, who, cue, screen_answers, out)
        prescribed = store.prescription(who)
        on_pain = prescription_reader.loads(prescribed).pain_text if prescribed else prescription.STOP
        view = LiveView([(paired.device, paired.side) for paired in units], who)
        followers = []
        for paired in units:
            leg = LegOutput(out, paired) if len(units) > 1 else out
            mounted = fields.get(paired.device)
            plan = Plan(values, mounted, runner if attach else who, attach, end, coached=True)
            session = Session(partial(BleLink, paired.handle), store, plan, unit_id=paired.device)
            line = AlertLine(leg, deliveries, {"unit": paired.handle, "side": paired.side})
            alerts = Alerts([line, AlertView(view, paired.device)], paired, on_pain=on_pain)
            followers.append(Follower(session, store, leg, alerts, view))
        if len(units) > 1:
            from ..legwatch import LegWatch

            beside = Beside(LegWatch(store, units), [AlertLine(out, deliveries), AlertView(view)])
            for follower in followers:
                follower.beside = beside
        sessions = [follower.session for follower in followers]
        together = Together(sessions, store, begin=not attach)
        orders = Orders(view, together, lambda: together.stop(INTERRUPTED_S))
        async with screens.page(view, orders):
            screen = screens.screen(view, orders)
            return await follow(followers, together, store, out, duration_s, deliveries, screen)


def _agreed(store: Store, runner: str, cue: Cue | None, answers: str | None, out: Output) -> dict[str, int]:
    """What the safety screen changes.  Raises when cues are asked for by name and it does not allow them."""
    from .consent import require, warn_of_change, warn_of_lean, withheld

    if cue is not None:
        if cue != "off":
            require(store, runner, answers, out)
        warn_of_lean(store, runner, cue, out)
        warn_of_change(store, runner, out)
        return {}
    why = withheld(store, runner, answers, out)
    if why is None:
        return {}
    out.warn("cues_withheld", f"{why}; they are switched off on the unit")
    return target("off", None, None)


def _calibrations(files: list[Path], units: list[Unit]) -> dict[str, dict[str, int]]:
    """Fields of wire.CALIBRATE by the device they are for: the one that is paired for the file's leg."""
    from .. import calibration

    fields: dict[str, dict[str, int]] = {}
    for file in files:
        loaded = calibration.load(file)
        fits = [unit for unit in units if unit.side == loaded.side]
        if not fits:
            raise InputError(
                f"{file} is for the {loaded.side} leg, the unit is paired for the {units[0].side} one",
                "choose the other file, or pair the unit again with --side",
            )
        if len(fits) > 1 or fits[0].device in fields:
            raise InputError(
                f"{file}: another file or unit is for the {loaded.side} leg too",
                "one file for each leg, or --unit",
            )
        fields[fits[0].device] = loaded.to_wire()
    return fields

# SPDX-License-Identifier: MIT
"""The parts of the report about runs; the parts about weeks are in weeks.py.  A part without data is left out."""

from __future__ import annotations

from .. import load, times
from . import plots
from .facts import Facts, RunFacts
from .markup import Child, Html, number, table, tag
from .words import BY_KEY, FLAGS, LIMITS, METHOD, QUANTITIES, SYMMETRY


def glance(facts: Facts) -> Html:
    """The last run in a few numbers."""
    run, key = facts.last, f"run.{facts.last.run.id}"
    summary = run.summary
    told: list[tuple[str, Child]] = [
        ("cadence", number(run.cadence_spm, f"{key}.cadence_spm", "{:.1f}", "steps/min")),
        ("length", minutes(summary["duration_s"], f"{key}.duration_s")),
        ("running", minutes(summary["run_s"], f"{key}.run_s")),
        ("strides of this leg", number(summary["strides"], f"{key}.strides", "{:.0f}")),
        ("cues", number(summary["cues"], f"{key}.cues", "{:.0f}")),
    ]
    if facts.baseline is not None:
        told.insert(1, ("baseline", number(facts.baseline.spm, "baseline.spm", "{:.1f}", "steps/min")))
    impact = run.means.get("pta_axial_g")
    if impact is not None:
        told.append(("impact", number(impact.mean, f"{key}.mean.pta_axial_g", "{:.2f}", "g")))
    entry = facts.entry
    if entry is not None and entry.distance_m is not None:
        told.append(("distance", number(entry.distance_m, f"{key}.distance_m", _km(entry.distance_m), "km")))
    source = f"Baseline: {facts.baseline.source}." if facts.baseline else None
    return joined_section(
        None,
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in told), class_="facts"),
        tag("p", source, class_="soft") if source else None,
    )


def about(facts: Facts) -> Html:
    """Whose run, when, which leg."""
    run = facts.last
    start, summary = run.start, run.summary
    when = (
        times.span(start["start_utc"], summary["end_utc"])
        if start["start_utc"]
        else times.between(start["utc_bounds"])
    )
    told = times.zone_changed(start["start_utc"], summary["end_utc"])  # by `span`
    zone = f" {times.with_zone(start['start_utc'])[-6:]}" if start["start_utc"] and not told else ""
    said = ", as you said" if start["utc_source"] == "user" else ""
    stamp = tag("time", f"{when}{zone}{said}", datetime=start["start_utc"]) if start["start_utc"] else when
    who = facts.runner or "runner unknown"
    end = None if run.stored.ended else "; its end has not been fetched yet"
    return tag("p", f"{who}, run {run.run.id}, ", stamp, f", {start['side']} leg", end, class_="soft")


def advice(facts: Facts) -> Html | None:
    """What the diary says today, the most urgent first."""
    rows: list[Child] = [
        tag("li", found.message, tag("small", found.why), class_=found.level)
        for found in facts.findings
        if found.code != "next_run"
    ]
    limit = facts.limit if facts.newest else None
    if limit is not None:
        from .sentence import length

        told = tag("small", limit.why)
        rows.append(tag("li", "next run at most ", length(limit, "advice.next_run"), told, class_="advice"))
    return joined_section("What follows", tag("ul", *rows, class_="advice")) if rows else None


def runs(facts: Facts) -> Html | None:
    """One row a run."""
    if len(facts.runs) < 2:
        return None
    head = ("run", "start", "leg", "length", "running", "cadence", "impact", "cues")
    return joined_section("The runs", table(head, [_run_row(run) for run in facts.runs]))


def _run_row(run: RunFacts) -> list[Child]:
    key, summary = f"run.{run.run.id}", run.summary
    impact = run.means.get("pta_axial_g")
    return [
        str(run.run.id),
        times.local(run.start["start_utc"]),
        run.start["side"],
        minutes(summary["duration_s"], f"{key}.duration_s"),
        minutes(summary["run_s"], f"{key}.run_s"),
        number(run.cadence_spm, f"{key}.cadence_spm", "{:.1f}"),
        number(impact.mean if impact else None, f"{key}.mean.pta_axial_g", "{:.2f}", "g"),
        number(summary["cues"], f"{key}.cues", "{:.0f}"),
    ]


def strides(facts: Facts) -> Html:
    """Cadence, and what the cue looked at, over the run; means with how sure they are."""
    run = facts.last
    if not run.running:
        return joined_section("Strides", tag("p", "No running stride was recorded."))
    shown = ["cadence_spm", "pta_axial_g", "lean_mid_deg"]
    cued = next((cue["metric"] for cue in run.cues if cue["metric"] in BY_KEY), None)
    if cued and cued not in shown:
        shown.insert(1, cued)
    marks = facts.entry.pain_marked_s if facts.entry is not None and facts.entry.run == run.run.id else ()
    figures = [_figure(run, name, marks) for name in shown if name in run.means]
    return joined_section(f"Strides of run {run.run.id}", *figures, _means(run), _to_know(run))


def _figure(run: RunFacts, name: str, marks: tuple[int, ...]) -> Html:
    quantity = BY_KEY[name]
    drawn = plots.over_run(run, name, quantity.words, marks)
    title = f"{quantity.words[:1].upper()}{quantity.words[1:]}{f', {quantity.unit}' if quantity.unit else ''}"
    return tag(
        "figure",
        tag("h3", title),
        drawn,
        tag("figcaption", "line: mean; shade: least to most.", *_legend(run, name)),
    )


def _legend(run: RunFacts, name: str) -> list[Child]:
    told: list[Child] = []
    band = run.band(name)
    key = f"run.{run.run.id}.band.{name}"
    quantity = BY_KEY[name]
    if band is not None:
        target = number(band[0], f"{key}.target", quantity.pattern)
        half = number(band[1], f"{key}.half", quantity.pattern.replace("+", ""))
        told += [tag("span", class_="key band"), "band ", target, " ± ", half]
    if run.cues:
        told += [tag("span", class_="key cue"), "a cue"]
    for kind, words in plots.states_seen(run).items():
        told += [tag("span", class_=f"key {kind}"), words]
    return told


def _means(run: RunFacts) -> Html:
    key = f"run.{run.run.id}"
    rows = []
    for q in QUANTITIES:
        found = run.means.get(q.key)
        if found is None:
            continue
        mean = number(found.mean, f"{key}.mean.{q.key}", q.pattern, q.unit)
        spread = number(found.sd, f"{key}.sd.{q.key}", q.pattern.replace("+", ""))
        count = number(found.strides, f"{key}.n.{q.key}", "{:.0f}")
        rows.append([[q.words, tag("small", q.sure)], mean, spread, count])
    return table(("running, and how sure it is", "mean", "spread", "strides"), rows)


def _to_know(run: RunFacts) -> Html | None:
    """What to know of the strides: flags, and what is missing."""
    key = f"run.{run.run.id}"
    told: list[Child] = []
    for flag, words in FLAGS.items():
        count = sum(flag in r["flags"] for r in run.strides)
        if count:
            told.append(tag("li", f"{words}: ", number(count, f"{key}.flag.{flag}", "{:.0f}")))
    if run.summary["gaps"]:
        gaps = number(run.summary["gaps"], f"{key}.gaps", "{:.0f}")
        gap_s = sum(r["duration_s"] for r in run.records if r["type"] == "gap")
        seconds = number(gap_s, f"{key}.gap_s", "{:.1f}", "s")
        told.append(
            tag("li", "gaps without samples, which no stride bridges: ", gaps, ", ", seconds, " in all")
        )
    return tag("ul", *told, class_="soft") if told else None


def legs(facts: Facts) -> Html | None:
    """Left against right, of a run with a unit on each leg."""
    if facts.pair is None:
        return None
    compared = facts.pair.comparison
    told: list[Child] = [tag("p", message) for _, message in facts.pair.warnings()]
    metrics = compared.metrics if compared and not facts.pair.same_side else []
    rows = []
    for metric in metrics:
        words, unit, pattern = SYMMETRY.get(metric.name, (metric.name, "", "{:.3f}"))
        key = f"symmetry.{metric.name}"
        index = [number(metric.index_percent, f"{key}.index_percent", "{:+.1f}"), " ± "]
        index.append(number(metric.index_95, f"{key}.index_95", "{:.1f}", "%"))
        left = number(metric.left, f"{key}.left", pattern, unit)
        right = number(metric.right, f"{key}.right", pattern, unit)
        rows.append([words, left, right, index, "differs" if metric.clear else "no clear difference"])
    if rows:
        told.append(table(("running", "left", "right", "left minus right (95 %)", ""), rows))
        note = "Lean itself is not compared: each unit took its own zero."
        told.append(tag("p", note, class_="soft"))
    return joined_section("Left and right", *told) if told else None


def method() -> Html:
    return joined_section(
        "Method and limits",
        *(tag("p", text) for text in METHOD),
        tag("ul", *(tag("li", text) for text in LIMITS)),
    )


def joined_section(title: str | None, *children: Child) -> Html:
    return tag("section", tag("h2", title) if title else None, *children)


def minutes(seconds: float | None, key: str) -> Html:
    """As 12:05."""
    whole = 0 if seconds is None else round(seconds)
    return number(seconds, key, f"{whole // 60}:{whole % 60:02d}", "min")


def _km(metres: int) -> str:
    return load.amount("distance_m", metres).partition(" ")[0]

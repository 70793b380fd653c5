# SPDX-License-Identifier: MIT
"""What a pipeline tells, as records of the wire without their key: the same for the unit and for a replay."""

from . import wire
from .pipeline import EV_CUE, EV_GAP, EV_STRIDE, Pipeline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS = {record.name: record.names[3:] for record in (wire.CUE, wire.GAP, wire.STRIDE)}
FIELDS["end"] = ("samples", "gap_samples", "run_x16", "walk_x16", "unsure_x16", "still_x16")  # of wire.STOP


def of_event(pipeline: Pipeline, event: int) -> "Iterator[tuple[str, list[int]]]":
    """(name, values of FIELDS[name]) of each record that the bits of an event stand for."""
    if event & EV_CUE:
        yield "cue", [getattr(pipeline.cue, name) for name in FIELDS["cue"]]
    if event & EV_GAP:
        yield "gap", [pipeline.gap_at_x16, pipeline.gap_length, pipeline.gap_reason]
    if event & EV_STRIDE:
        yield "stride", [getattr(pipeline.stride, name) for name in FIELDS["stride"]]


def at_end(pipeline: Pipeline) -> "list[int]":
    """Values of FIELDS["end"]: how long the run was and where the time went."""
    return [pipeline.sample] + [getattr(pipeline, name) for name in FIELDS["end"][1:]]

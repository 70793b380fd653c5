# SPDX-License-Identifier: MIT
"""Idle, with nobody connected: the pipeline of a run looks on, without a cue or a record, until somebody runs.

The strides that it took to see that are not part of the run that begins.
"""

from kneecore.gait import RUN
from kneecore.pipeline import EV_SLIP, EV_STRIDE, Pipeline


class Watch:
    """Fed by the sampler.  `running` once there were so many `strides` of running in a row; it is over then."""

    def __init__(self, pipeline: Pipeline, strides: int, on_slip) -> None:
        self._pipeline: "Pipeline | None" = pipeline
        self._strides = strides
        self._on_slip = on_slip
        self._seen = 0
        self.samples = 0  # seen so far
        self.running = False
        self.broken = False  # the sensor does not answer

    def take(self, batch, count: int) -> bool:
        """True when the watch is over."""
        pipeline = self._pipeline
        if pipeline is None:
            return True
        pipeline.take(batch, 0, count)
        self.samples += count
        while True:
            event = pipeline.advance()
            if not event:
                return False
            if event & EV_SLIP:
                self._on_slip(pipeline.slip)
            if event & EV_STRIDE:
                self._seen = self._seen + 1 if pipeline.stride.gait == RUN else 0
                if self._seen >= self._strides:
                    self._pipeline = None  # the run needs its memory
                    self.running = True
                    return True

    def lost(self) -> None:
        """Samples are missing; how many does not matter here."""
        self._seen = 0
        if self._pipeline:
            self._pipeline.gap(1, 0)

    def failed(self) -> None:
        self.broken = True

# SPDX-License-Identifier: MIT
"""Several sessions at once, one for each unit of a runner: one outing.

Each has its own link, log and run.  A unit that is not there is looked for as long as another one records; when all of
them were looked for in vain, that is the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from . import outings, stored
from .errors import KneesenseError
from .session import Session
from .store import Store


class Together:
    """`run` until every session is over; `failures` has what ended one, other than a stop.

    `begin`: their runs are begun now and so belong to one outing; without it that is left to outings.join.
    """

    def __init__(self, sessions: Sequence[Session], store: Store, *, begin: bool = True) -> None:
        self.failures: dict[Session, KneesenseError] = {}
        self._sessions = sessions
        self._store = store
        self._outing: int | None = None
        self._in_vain: set[Session] = set()
        self._over: set[Session] = set()
        for session in sessions:
            session.patience = partial(self._goes_on_without, session)
            if begin and len(sessions) > 1:
                session.on_run = self._began

    def stop(self, within_s: float) -> None:
        """As Session.stop, all of them."""
        for session in self._sessions:
            session.stop(within_s)

    async def mark(self, kind: str) -> dict[Session, KneesenseError]:
        """A mark (Device.mark) on every unit that records; what kept one from it."""
        going = [session for session in self._sessions if session not in self._over]
        failures = await asyncio.gather(*(_mark(session, kind) for session in going))
        return {session: error for session, error in zip(going, failures, strict=True) if error}

    async def run(self) -> None:
        """Until all are over.  Raises nothing that one of them ended with: see `failures`."""
        await asyncio.gather(*map(self._follow, self._sessions))

    async def _follow(self, session: Session) -> None:
        try:
            await session.run()
        except KneesenseError as error:
            self.failures[session] = error
        finally:
            self._over.add(session)
            self._leave_the_missing()

    def _leave_the_missing(self) -> None:
        """Nobody waits for a unit that was never there when the others have recorded and are over."""
        going = [session for session in self._sessions if session not in self._over]
        if any(session.run_key for session in self._over) and not any(session.reached for session in going):
            for session in going:
                session.stop(0.0)

    def _goes_on_without(self, session: Session) -> bool:
        """Whether another unit is there, or may still be found."""
        self._in_vain.add(session)
        others = [other for other in self._sessions if other is not session and other not in self._over]
        return any(other.reached or other not in self._in_vain for other in others)

    def _began(self, session: Session) -> None:
        if session.unit_id is None or session.run_key is None:
            return
        run = stored.at(self._store, session.unit_id, session.run_key)
        if run is not None:
            self._outing = outings.begin(self._store, run, self._outing)


async def _mark(session: Session, kind: str) -> KneesenseError | None:
    try:
        await session.mark(kind)
    except KneesenseError as error:
        return error
    return None

# SPDX-License-Identifier: MIT
"""A lithium cell by its voltage: how full it is, when it is too empty to go on, and when there is enough to start.

Unknown is a value: no reading outside of what a cell can have is believed.  The percentage never rises unless the cell
is charging.  The curve is that of a resting cell as hobby packs are sold with it (Ampow's chart of voltages, one cell,
used by many a gauge without a current sense), so it is good to some 10 points; between 10 and 50 % a point is 4 mV.
What the unit itself draws is put back by SAG_MV: an assumption (80 mA through 0.25 ohm of a small cell with its
protection; 150 mA into it when charging), not a measurement.  The motor draws more and is to be off in a reading.
"""

UNKNOWN = 0xFF  # percent, as in wire.BATTERY; millivolts are 0 then
CHARGING_UNKNOWN, NOT_CHARGING, CHARGING = range(3)  # as in wire.CHARGING

LEAST_MV, MOST_MV = 2500, 4400  # a protected cell is off below; above is no cell
SAG_MV, RISE_MV = 20, 40
RESTART_MV = 150  # above the stop voltage: a cell recovers by so much and more once nothing is drawn
LOW_READINGS = 3  # in a row: a dip of one or two is a load, not an empty cell

_CURVE_MV = (
    3270, 3610, 3690, 3710, 3730, 3750, 3770, 3790, 3800, 3820, 3840,
    3850, 3870, 3910, 3950, 3980, 4020, 4080, 4110, 4150, 4200,
)  # fmt: skip
_STEP = 5  # points between two of them
_SMOOTH = 32  # readings; at one every 5 s it follows within three minutes
_SETTLED = 3  # readings before a percentage is told
_NEARLY_MV = 150  # above the stop voltage: the last tenth
_GIVE_UP = 3  # unknown readings in a row
_FIRST_NAP_S, _LONGEST_NAP_S = 60, 3600


def percent(rest_mv: int) -> int:
    """Of a resting cell."""
    for i in range(1, len(_CURVE_MV)):
        if rest_mv < _CURVE_MV[i]:
            below = _CURVE_MV[i - 1]
            part = _STEP * max(0, rest_mv - below) // (_CURVE_MV[i] - below)
            return _STEP * (i - 1) + part
    return 100


def middle(readings: "list[int]") -> int:
    """Mean of the middle half of a burst."""
    quarter = len(readings) // 4
    kept = sorted(readings)[quarter : len(readings) - quarter]
    return sum(kept) // len(kept)


def believed(mv: int) -> int:
    """`mv`, or 0 if it cannot be that of a cell."""
    return mv if LEAST_MV <= mv <= MOST_MV else 0


def may_start(mv: int, charging: int, stop_mv: int, was_flat: bool) -> bool:
    """Is there enough for radio and flash?  One that was flat a while ago has to be charged first."""
    if not mv or charging == CHARGING:
        return True
    return mv >= stop_mv + (RESTART_MV if was_flat else 0)


def nap_s(number: int) -> int:
    """How long to sleep before looking again, each time longer: 1 minute to 1 hour."""
    return min(_FIRST_NAP_S << min(number, 6), _LONGEST_NAP_S)


class Cell:
    """Fed with readings, one every few seconds; a gauge that knows the percentage tells it."""

    def __init__(self) -> None:
        self.mv = 0
        self.percent = UNKNOWN
        self.charging = CHARGING_UNKNOWN
        self.low = False  # end what is going on
        self._lows = 0
        self._unknowns = 0
        self._count = 0
        self._sum = 0  # mean of the rest voltage, _SMOOTH-fold

    def reading(self, mv: int, charging: int, gauge: int, stop_mv: int) -> None:
        """`gauge`: percent, or UNKNOWN without one."""
        mv = believed(mv)
        if not mv:
            self._unknowns += 1
            if self._unknowns >= _GIVE_UP:
                self.__init__()  # type: ignore[misc]
            return
        self._unknowns = 0
        if charging != self.charging:
            self.charging = charging
            self.percent = UNKNOWN
            self._count = 0
        self.mv = mv
        self._lows = self._lows + 1 if mv < stop_mv and charging != CHARGING else 0
        self.low = self._lows >= LOW_READINGS
        rest_mv = mv - RISE_MV if charging == CHARGING else mv + SAG_MV
        self._count = min(self._count + 1, _SMOOTH)
        if self._count == 1:
            self._sum = rest_mv * _SMOOTH
        self._sum += (rest_mv * _SMOOTH - self._sum) // self._count
        if self._count >= _SETTLED:
            self._tell(percent(self._sum // _SMOOTH) if gauge == UNKNOWN else min(gauge, 100))

    def nearly_empty(self, stop_mv: int) -> bool:
        """Time to charge."""
        return 0 < self.mv < stop_mv + _NEARLY_MV and self.charging != CHARGING

    def _tell(self, now: int) -> None:
        if self.percent == UNKNOWN or self.charging == CHARGING or now < self.percent:
            self.percent = now

# SPDX-License-Identifier: MIT
"""FIT: two decoders that are not ours read every value as the store has it, and what is missing is not there."""

import fitdecode
import garmin_fit_sdk as garmin
import pytest
from hypothesis import given
from hypothesis import strategies as st
from storedruns import NEW_YEAR_US, Recorder

from kneecore import wire
from kneesense import fitfile, times
from kneesense.errors import InputError
from kneesense.fitwriter import Field, FitWriter, checksum
from kneesense.store import Store
from kneesense.stored import StoredRun

NAMES = {number: (name, key) for number, name, _, _, key in fitfile.OWN}


@pytest.fixture
def recorder(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield Recorder(store)


@pytest.fixture
def exported(recorder):
    """Record a run; gives it as stored, and its file."""

    def make(*arguments, **options):
        stored = StoredRun(recorder.store, recorder.run(*arguments, **options))
        return stored, fitfile.encoded(stored)

    return make


def by_fitdecode(data):
    reader = fitdecode.FitReader(
        data, check_crc=fitdecode.CrcCheck.RAISE, error_handling=fitdecode.ErrorHandling.RAISE
    )
    with reader:
        return [
            (m.name, {field.name: field.value for field in m.fields})
            for m in reader
            if m.frame_type == fitdecode.FIT_FRAME_DATA
        ]


def by_garmin(data):
    """The same, from the format's maker."""
    stream = lambda: garmin.Stream.from_byte_array(bytearray(data))  # noqa: E731
    assert garmin.Decoder(stream()).check_integrity()
    found = []
    names = {number: name for number, name, *_ in fitfile.OWN} | {fitfile.SIDE: "side"}

    def listen(number, message):
        own = {names[key]: value for key, value in message.pop("developer_fields", {}).items()}
        found.append(
            (garmin.Profile["messages"][number]["messages_key"].removesuffix("_mesgs"), message | own)
        )

    messages, errors = garmin.Decoder(stream()).read(mesg_listener=listen)
    assert errors == []
    assert messages
    return found


DECODERS = [by_fitdecode, by_garmin]


def of(messages, name):
    return [values for kind, values in messages if kind == name]


def expected(stride):
    """What a record has to say of that stride, by the names of the fields."""
    values = {"stance_time": 1000 * stride["contact_s"]} if stride["contact_s"] else {}
    values |= {"stance_time_percent": 100 * stride["duty_factor"]} if stride["duty_factor"] else {}
    for name, key in NAMES.values():
        if key not in ("flags", "cue_state", "cues") and stride[key] is not None:
            values[name] = stride[key]
    flags = sum(1 << wire.STRIDE_FLAGS.index(name) for name in stride["flags"])
    return values | {"flags": flags, "cue_state": wire.CUE_STATES.index(stride["cue_state"])}


HOLES = {
    3: {"lean_mid_cdeg": wire.UNKNOWN_I16, "pta_axial_mg": wire.UNKNOWN_U16, "flags": 1},
    6: {"contact_x16": 0, "lean_max_cdeg": wire.UNKNOWN_I16, "lean_ic_cdeg": wire.UNKNOWN_I16},
    9: {"stride_x16": 0, "cue_state": 2},
    11: {"gait": 1, "stride_x16": 9000, "confidence": 55, "flags": 8, "lean_mid_cdeg": -731},
}


@pytest.mark.parametrize("decode", DECODERS)
def test_every_record_is_its_stride_value_by_value(exported, decode):
    stored, data = exported(40, more=HOLES)
    strides = {r["stride"]: r for r in stored.records if r["type"] == "stride"}
    records = of(decode(data), "record")
    assert len(records) > 20
    told = set()
    for record in records:
        stride = strides[record["stride"]]
        told.add(record["stride"])
        for name, value in expected(stride).items():
            assert record[name] == pytest.approx(value, rel=1e-6, abs=0.005 if "percent" in name else 1e-6), (
                name
            )
        both = 2 * (record["cadence"] + record["fractional_cadence"])
        assert both == pytest.approx(stride["cadence_spm"], abs=0.01)
        assert record["activity_type"] == {"run": "running", "walk": "walking"}[stride["gait"]]
        assert times.to_fit(stored.utc_us(stride["ic_s"])) == record["timestamp"].timestamp() - 631_065_600
        missing = {n for n, key in NAMES.values() if key in stride and stride[key] is None}
        assert not missing & set(record), "what is missing has no field"
    seconds = [record["timestamp"] for record in records]
    assert seconds == sorted(set(seconds)), "a second has one record"
    assert {4, 7, 12} & told, "strides with holes are among them"


@pytest.mark.parametrize("decode", DECODERS)
def test_171_43_steps_a_minute(exported, decode):
    _, data = exported(20)
    (session,) = of(decode(data), "session")
    for values in (*of(decode(data), "record"), {k.removeprefix("avg_"): v for k, v in session.items()}):
        cadence = values.get("cadence", values.get("running_cadence"))
        assert 2 * (cadence + values["fractional_cadence"]) == pytest.approx(171.43, abs=0.01)


@pytest.mark.parametrize("decode", DECODERS)
@pytest.mark.parametrize("strides", [0, 1, 20, 900])
def test_a_run_of_any_length_has_one_file_id_one_session_one_activity_and_laps(exported, decode, strides):
    stored, data = exported(strides)
    names = [name for name, _ in decode(data)]
    assert names[0] == "file_id"
    assert [names.count(name) for name in ("file_id", "session", "activity", "lap")] == [1, 1, 1, 1]
    (session,), (lap,) = of(decode(data), "session"), of(decode(data), "lap")
    for told in (session, lap):
        assert told["total_elapsed_time"] == pytest.approx(stored.summary["duration_s"])
        assert told["total_strides"] == strides
    assert int.from_bytes(data[4:8], "little") == len(data) - 16
    assert int.from_bytes(data[12:14], "little") == checksum(data[:12])
    assert checksum(data) == 0, "of the whole file with its own checksum"


@pytest.mark.parametrize("decode", DECODERS)
def test_a_pause_stops_the_timer_and_parts_the_laps(exported, decode):
    stored, data = exported(60, pause_after={29: 180.0})
    (session,) = of(decode(data), "session")
    assert session["total_elapsed_time"] == pytest.approx(stored.summary["duration_s"])
    assert session["total_timer_time"] == pytest.approx(stored.summary["duration_s"] - 180)
    laps = of(decode(data), "lap")
    assert [lap["total_strides"] for lap in laps] == [30, 30]
    assert sum(lap["total_timer_time"] for lap in laps) == pytest.approx(session["total_timer_time"])
    timer = [e["event_type"] for e in of(decode(data), "event") if e["event"] == "timer"]
    assert timer == ["start", "stop", "start", "stop_all"]


def test_what_a_field_cannot_hold_is_left_out(exported):
    """Flags and states of a later firmware, or nonsense."""
    most = {"flags": 0xFFFF, "confidence": 255, "cue_state": 255, "stride_x16": 65535, "contact_x16": 65535}
    _, data = exported(3, each=most)
    records = of(by_fitdecode(data), "record")
    assert len(records) == 3
    assert not {"flags", "confidence", "cue_state"} & {n for r in records for n in r if r[n] is not None}


def test_what_happened_is_told_in_its_order(exported):
    marks = [(wire.MARK, at, {"kind": 0}) for at in (3.0, 25.0, 80.0)]
    _, data = exported(30, also=tuple(marks), pause_after={19: 180.0}, begin_s=20.0)
    told = [m["timestamp"] for kind, m in by_fitdecode(data) if kind in ("event", "record")]
    assert len(told) > 20
    assert told == sorted(told)


@pytest.mark.parametrize("decode", DECODERS)
def test_marks_and_cues_are_where_they_were(exported, decode):
    cue = (wire.CUE, 6.0, {"ic_x16": 43600, "to_x16": 45600, "command_x16": 46000, "rule": 1})
    marks = [(wire.MARK, at, {"kind": 0}) for at in (9.0, 80.0)]
    stored, data = exported(30, also=(cue, *marks), pause_after={19: 180.0})
    seen = [e["timestamp"] for e in of(decode(data), "event") if e["event"] == "user_marker"]
    assert [round(t.timestamp()) for t in seen] == [NEW_YEAR_US // 1_000_000 + s for s in (9, 80)]
    counts = [record["cues"] for record in of(decode(data), "record")]
    assert counts == sorted(counts)
    assert set(counts) == {0, stored.summary["cues"]} == {0, 1}


@pytest.mark.parametrize("decode", DECODERS)
def test_our_own_fields_are_declared_with_name_and_unit(exported, decode):
    told = of(decode(exported(3)[1]), "field_description")
    text = lambda value: value[0] if isinstance(value, list) else value  # noqa: E731
    found = {text(d["field_name"]): text(d.get("units")) for d in told}
    assert found == {name: unit or None for _, name, unit, _, _ in fitfile.OWN} | {"side": None}


def test_a_run_over_the_end_of_daylight_saving(exported, zone):
    zone("Europe/Berlin")
    start_us = 1_792_888_200_000_000  # 2026-10-25T00:30Z, half an hour before the clocks go back
    _, data = exported(3000, start_us=start_us)
    seconds = [round(r["timestamp"].timestamp()) for r in of(by_fitdecode(data), "record")]
    assert seconds[-1] - seconds[0] == pytest.approx(3000 * 0.7, abs=2)
    assert seconds == sorted(set(seconds))
    (activity,) = of(by_fitdecode(data), "activity")
    ahead = activity["local_timestamp"].replace(tzinfo=None) - activity["timestamp"].replace(tzinfo=None)
    assert ahead.total_seconds() == 3600, "at its end it is winter time"


def test_a_run_without_a_date_is_refused_with_the_next_step(recorder):
    stored = StoredRun(recorder.store, recorder.run(5, start_us=None))
    with pytest.raises(InputError) as told:
        fitfile.encoded(stored)
    assert told.value.advice == f"kneesense date {stored.run.id} WHEN"


@given(st.lists(st.lists(st.sampled_from(range(20)), unique=True), max_size=60))
def test_any_mixture_of_fields_is_read_back(mixtures):
    """Also with more mixtures than the format has local types."""
    writer = FitWriter()
    for fields in mixtures:
        writer.message(20, [(Field(253, "uint32"), 1), *((Field(200 + n, "uint16"), n) for n in fields)])
    read = of(by_fitdecode(writer.finished()), "record")
    assert [{v for n, v in r.items() if n != "timestamp"} for r in read] == [set(f) for f in mixtures]


@pytest.mark.parametrize(
    ("base", "value"),
    [("uint8", 255), ("uint8", 256), ("uint8", -1), ("uint16", 65535), ("sint8", 127), ("enum", 255)],
)
def test_a_value_that_would_be_read_as_another_is_no_value(base, value):
    field = Field(1, base)
    assert field.holds(value) is None
    with pytest.raises(ValueError, match="field 1"):
        FitWriter().message(20, [(field, value)])

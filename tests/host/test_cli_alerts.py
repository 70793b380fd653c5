# SPDX-License-Identifier: MIT
"""Where alerts go, on the command line: what became of each is told, and a run goes on whatever becomes of them."""

import pytest
from stubbroker import Broker

from kneecore import wire
from kneesense import clock
from kneesense.outlets import choice, delivery, mqtt
from kneesense.store import Store, Unit

NOBODY = "webhook:http://127.0.0.1:9/secret"


@pytest.fixture(autouse=True)
def a_busy_computer_has_time(monkeypatch):
    """To deliver before the run is over."""
    monkeypatch.setattr(delivery, "LAST_S", 20.0)
    monkeypatch.setattr(delivery, "DEADLINE_S", 20.0)
    monkeypatch.setattr(mqtt, "_STEP_S", 15.0)


@pytest.fixture
def paired(home, stack):
    """A paired unit whose runner marks pain as soon as a run begins."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    begin = stack.unit._run

    def run(values):
        seq = begin(values)
        stack.unit.strides(3)
        stack.unit.record(wire.MARK, {"kind": 0})
        return seq

    stack.unit._run = run
    with clock.replaced(stack.unit.moment):
        yield stack.unit


def test_an_alert_goes_out_and_the_summary_counts_it(tell_json, paired):
    with Broker() as broker:
        spec = f"mqtt:127.0.0.1:{broker.port}/knee"
        code, records, _ = tell_json("run", "--duration", 0.4, "--alert", spec, "--alert", NOBODY)
    assert code == 0
    ((topic, sent),) = broker.got
    assert (topic, sent["code"], sent["unit"], sent["side"]) == ("knee", "pain", "0c0d", "right")
    (delivery,) = [record for record in records if record["type"] == "delivery"]
    assert delivery["code"] == "pain"
    assert delivery["delivered"] == {"mqtt:127.0.0.1": True, "webhook:127.0.0.1": False}
    assert records[-1]["alerts"] == {
        "mqtt:127.0.0.1": {"delivered": 1, "failed": 0},
        "webhook:127.0.0.1": {"delivered": 0, "failed": 1},
    }
    assert records[-1]["strides"] == 3
    assert "secret" not in str(records)


def test_on_the_terminal_only_a_failure_is_told_and_what_is_kept_is_used(tell, paired):
    choice.keep([NOBODY])
    code, out, _ = tell("run", "--duration", 0.3)
    assert code == 0
    (line,) = [line for line in out if "not delivered" in line]
    assert "alert pain not delivered by webhook:127.0.0.1: " in line
    assert "not delivered" not in "\n".join(tell("run", "--duration", 0.2, "--alert", "none")[1])


def test_an_outlet_that_hangs_does_not_keep_a_run_from_ending(tell, paired, monkeypatch):
    monkeypatch.setattr(delivery, "LAST_S", 0.05)
    monkeypatch.setattr(mqtt, "_STEP_S", 0.5)
    with Broker(acknowledges=False) as broker:
        code, out, _ = tell("run", "--duration", 0.2, "--alert", f"mqtt:127.0.0.1:{broker.port}/knee")
    assert code == 0
    assert "the run was over before it answered" in " ".join(" ".join(out).split())


def test_a_wrong_choice_is_refused_before_anything_is_looked_for(tell, paired, stack):
    code, out, err = tell("run", "--alert", "sms:secret")
    assert (code, out, len(err)) == (2, [], 1)
    assert "secret" not in err[0]
    assert stack.options == []


def test_what_works_is_kept_and_tried_again_and_none_forgets_it(tell_json, tell, home):
    with Broker() as broker:
        spec = f"mqtt:127.0.0.1:{broker.port}/knee"
        code, (delivery, summary), _ = tell_json("alerts", spec)
    assert code == 0
    assert delivery["delivered"] == {"mqtt:127.0.0.1": True}
    assert (summary["kept"], choice.kept()) == (True, [spec])
    assert broker.got[0][1]["code"] == "test"
    code, out, _ = tell("alerts")  # the broker has gone
    assert code == 1
    assert "NOT delivered" in out[0]
    assert choice.kept() == [spec]
    assert tell("alerts", "none")[0] == 0
    assert choice.kept() == ["none"]
    assert tell("alerts")[:2] == (0, ["alerts are told on the terminal only"])


def test_what_fails_is_not_kept(tell, home):
    code, out, _ = tell("alerts", NOBODY)
    assert (code, out[-1]) == (1, "nothing was kept")
    assert choice.kept() == []
    assert "secret" not in "\n".join(out)

# SPDX-License-Identifier: MIT
"""Alerts over the network: what counts as delivered, what is refused, and that no secret is told."""

import json
import ssl
import threading

import pytest
import webserver
from ownca import certificate
from stubbroker import Broker

from kneesense.errors import ExtraMissing, InputError
from kneesense.outlets import NotDelivered
from kneesense.outlets.delivery import Deliveries
from kneesense.outlets.mqtt import Mqtt
from kneesense.outlets.webhook import Webhook

ALERT = {"type": "alert", "t_s": 61.0, "code": "strap_loose", "message": "the strap is loose: tighten it"}


# --- webhook ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def hook():
    """A server on this computer; gives its address, what it got, and what it is to answer."""

    class Handler(webserver.Handler):
        def do_POST(self):  # noqa: N802  http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append((self.path, json.loads(body)))
            server.before()
            self.send_response(server.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

    server = webserver.Server(Handler)
    server.status, server.got, server.before = 204, [], lambda: None
    server.url = f"http://127.0.0.1:{server.server_port}/hook?token=secret"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_webhook_gets_the_record_with_a_line_for_chats(hook):
    await Webhook(hook.url).send(ALERT)
    assert hook.got == [("/hook?token=secret", ALERT | {"text": "kneesense: the strap is loose: tighten it"})]


@pytest.mark.parametrize(
    ("status", "said"), [(302, "redirects are not followed"), (500, "500"), (404, "404")]
)
async def test_an_answer_that_is_no_success_is_no_delivery(hook, status, said):
    hook.status = status
    with pytest.raises(NotDelivered, match=said):
        await Webhook(hook.url).send(ALERT)
    assert len(hook.got) == 1


async def test_a_webhook_that_hangs_is_given_up_and_its_thread_ends(hook):
    go = threading.Event()
    hook.before = go.wait
    told, deliveries = [], Deliveries([Webhook(hook.url)], deadline_s=0.1)
    deliveries.pass_on(ALERT, told.append)
    await deliveries.close(1.0)
    assert told[0]["why"] == {"webhook:127.0.0.1": "no answer within 0.1 s"}
    go.set()


async def test_nobody_there_and_something_else_there_are_told_apart(hook):
    port = hook.server_port
    with pytest.raises(NotDelivered, match="refused"):
        await Webhook("http://127.0.0.1:9/x").send(ALERT)
    with Broker() as broker, pytest.raises(NotDelivered, match="does not speak HTTP"):
        await Webhook(f"http://127.0.0.1:{broker.port}/x").send(ALERT)
    with pytest.raises(NotDelivered, match=r"(?i)ssl|tls|connection"):
        await Webhook(f"https://127.0.0.1:{port}/x").send(ALERT)


async def test_over_https_the_certificate_decides(hook):
    trusted, served = certificate("127.0.0.1")
    hook.socket = served.wrap_socket(hook.socket, server_side=True)
    url = hook.url.replace("http:", "https:")
    await Webhook(url, trusted).send(ALERT)
    assert len(hook.got) == 1
    with pytest.raises(NotDelivered, match="its certificate is not trusted"):
        await Webhook(url).send(ALERT)
    with pytest.raises(NotDelivered, match="its certificate is not trusted"):
        await Webhook(url.replace("127.0.0.1", "localhost"), trusted).send(ALERT)
    assert len(hook.got) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org/secret", "must begin with https"),
        ("ftp://example.org/secret", "must begin with https"),
        ("http://127.0.0.1.example.org/secret", "must begin with https"),
        ("https://user:secret@example.org/", "is not sent"),
        ("https:///secret", "no URL"),
        ("https://example.org/a\r\nsecret: 1", "no URL"),
        ("https://[secret", "no URL"),
        ("https://example.org:secret/", "no URL"),
    ],
)
def test_an_address_that_is_not_used_is_refused_without_telling_it(url, said):
    with pytest.raises(InputError, match=said) as caught:
        Webhook(url)
    assert "secret" not in f"{caught.value} {caught.value.advice}"


@pytest.mark.parametrize("url", ["https://example.org/x", "http://localhost:80/x", "http://[::1]/x"])
def test_https_anywhere_and_http_to_this_computer_are_taken(url):
    assert Webhook(url).name.startswith("webhook:")


# --- MQTT -------------------------------------------------------------------------------------------------------------


async def test_a_broker_gets_the_record_and_delivered_is_what_it_acknowledged():
    with Broker() as broker:
        await Mqtt(f"ann:se%20cret@127.0.0.1:{broker.port}/home/knee").send(ALERT)
    assert broker.got == [("home/knee", ALERT)]
    assert broker.logins == [("ann", "se cret")]


async def test_over_tls_the_certificate_of_the_broker_decides():
    trusted, served = certificate("127.0.0.1")
    with Broker(served=served) as broker:
        await Mqtt(f"127.0.0.1:{broker.port}/knee", True, trusted).send(ALERT)
    assert broker.got == [("knee", ALERT)]
    made = []

    class Noted(ssl.SSLSocket):  # paho leaves the socket of a handshake that failed to the garbage collector
        def do_handshake(self, *args):
            made.append(self)
            super().do_handshake(*args)

    usual = ssl.create_default_context()
    usual.sslsocket_class = Noted
    with Broker(served=served) as broker, pytest.raises(NotDelivered, match="certificate is not trusted"):
        await Mqtt(f"127.0.0.1:{broker.port}/knee", True, usual).send(ALERT)
    made[0].close()
    assert broker.got == []


async def test_the_password_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("KNEESENSE_MQTT_PASSWORD", "hidden")
    with Broker() as broker:
        await Mqtt(f"ann@127.0.0.1:{broker.port}/knee").send(ALERT)
    assert broker.logins == [("ann", "hidden")]


async def test_a_broker_that_refuses_hangs_up_or_is_not_there_has_not_delivered(monkeypatch):
    monkeypatch.setattr("kneesense.outlets.mqtt._STEP_S", 1.0)
    for faults, said in (
        ({"connack": 5}, "the broker says: not authorized"),
        ({"hangs_up": True}, "ended the connection"),
        ({"acknowledges": False}, "no answer within"),
    ):
        with Broker(**faults) as broker, pytest.raises(NotDelivered, match=said):
            await Mqtt(f"ann:secret@127.0.0.1:{broker.port}/knee").send(ALERT)
    with pytest.raises(NotDelivered, match="refused"):
        await Mqtt("127.0.0.1:9/knee").send(ALERT)


@pytest.mark.parametrize("address", ["", "host", "host/", "/topic", "host/a/#", "host/+", "a:secret@h:x/t"])
def test_an_mqtt_address_without_host_or_topic_is_refused_without_telling_it(address):
    with pytest.raises(InputError) as caught:
        Mqtt(address)
    assert "secret" not in f"{caught.value} {caught.value.advice}"


def test_without_paho_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ExtraMissing, match="'mqtt'") as caught:
        Mqtt("host/topic")
    assert "[mqtt]" in caught.value.advice

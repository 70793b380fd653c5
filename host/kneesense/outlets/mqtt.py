# SPDX-License-Identifier: MIT
"""An alert as JSON to a topic of an MQTT broker, with quality of service 1: delivered is what the broker acknowledged.

One connection for each alert: they are rare, and a broker that was away is no matter for the next one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import ExtraMissing, InputError
from . import NotDelivered, in_thread

_STEP_S = 2.0  # to connect, and again for the broker's answers
_LOOK_S = 0.05
PASSWORD = "KNEESENSE_MQTT_PASSWORD"


class Mqtt:
    """`address`: [USER@]HOST[:PORT]/TOPIC.  Raises InputError for one that is not used, ExtraMissing without paho."""

    def __init__(self, address: str, secure: bool = False, context: ssl.SSLContext | None = None) -> None:
        try:
            parts = urlsplit("mqtt://" + address.removeprefix("//"))
            self._host, port = parts.hostname or "", parts.port
        except ValueError:
            raise _refused("is none") from None
        self._topic = unquote(parts.path.removeprefix("/"))
        if not self._host or not self._topic or parts.query:
            raise _refused("needs a host and a topic")
        if "#" in address or set("+#\0") & set(self._topic):
            raise _refused("has a topic with + or #, which are for listening")
        if importlib.util.find_spec("paho") is None:
            raise ExtraMissing("mqtt")
        self._port = port or (8883 if secure else 1883)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else os.environ.get(PASSWORD)
        self._context = (context or ssl.create_default_context()) if secure else None
        self.name = f"mqtt:{self._host}"

    async def send(self, record: Mapping[str, Any]) -> None:
        await in_thread(lambda: self._published(json.dumps(record)))

    def _published(self, body: str) -> None:
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        answers: list[Any] = []
        client = paho.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        client.connect_timeout = _STEP_S
        client.on_connect = lambda client, userdata, flags, reason, properties: answers.append(reason)
        if self._user is not None:
            client.username_pw_set(self._user, self._password)
        if self._context is not None:
            client.tls_set_context(self._context)
        try:
            client.connect(self._host, self._port)
            sent = None
            until = time.monotonic() + _STEP_S
            while time.monotonic() < until:
                failed = client.loop(_LOOK_S)
                if answers and answers[0].is_failure:
                    raise NotDelivered(f"the broker says: {str(answers[0]).lower()}")
                if failed:
                    raise NotDelivered("the broker ended the connection")
                if answers and sent is None:
                    sent = client.publish(self._topic, body, qos=1)
                if sent is not None and sent.is_published():
                    return
            raise NotDelivered(f"no answer within {_STEP_S:g} s")
        except ssl.SSLCertVerificationError as error:
            raise NotDelivered(f"its certificate is not trusted: {error.verify_message}") from None
        except OSError as error:
            raise NotDelivered(error.strerror or "the connection failed") from None
        finally:
            client.disconnect()


def _refused(why: str) -> InputError:
    return InputError(f"mqtt: the address {why}", "mqtt:HOST/TOPIC, or mqtts:USER@HOST/TOPIC")

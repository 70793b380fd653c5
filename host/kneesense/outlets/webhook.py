# SPDX-License-Identifier: MIT
"""An alert as JSON to an address of the user's own: one POST, over https; plain http to this computer only.

Redirects are not followed, an answer's body is not read.  The address may hold a token: only its host is told.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from .. import __version__
from ..errors import InputError
from . import NotDelivered, in_thread

_STEP_S = 4.0  # for each step on the way: connecting, writing, an answer


class Webhook:
    """Raises InputError for an address that is not used."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError:
            raise _refused("is no URL") from None
        if not self._host or not url.isascii() or not url.isprintable() or " " in url:
            raise _refused("is no URL")
        if parts.username is not None:
            raise _refused("a user or password in the URL is not sent: use a token in its path or query")
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(self._host)):
            raise _refused("must begin with https:// (http:// to this computer only)")
        self.name = f"webhook:{self._host}"
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._context = None
        if parts.scheme == "https":
            self._context = context or ssl.create_default_context()

    async def send(self, record: Mapping[str, Any]) -> None:
        connection = self._connection()
        try:
            status = await in_thread(lambda: self._posted(connection, record))
        finally:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(
                    socket.SHUT_RDWR
                )  # wakes the thread that may still wait for an answer
        if status // 100 == 3:
            raise NotDelivered(f"answered {status}: redirects are not followed")
        if status // 100 != 2:
            raise NotDelivered(f"answered {status}")

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=_STEP_S)
        return http.client.HTTPSConnection(self._host, self._port, timeout=_STEP_S, context=self._context)

    def _posted(self, connection: http.client.HTTPConnection, record: Mapping[str, Any]) -> int:
        body = json.dumps({**record, "text": f"kneesense: {record['message']}"})  # `text` is what chats show
        head = {"Content-Type": "application/json", "User-Agent": f"kneesense/{__version__}"}
        try:
            connection.request("POST", self._target, body, head)
            return connection.getresponse().status
        except TimeoutError:
            raise NotDelivered(f"no answer within {_STEP_S:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise NotDelivered(f"its certificate is not trusted: {error.verify_message}") from None
        except http.client.HTTPException:
            raise NotDelivered("what answered does not speak HTTP") from None
        except OSError as error:
            raise NotDelivered(error.strerror or "the connection failed") from None
        finally:
            connection.close()


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(why: str) -> InputError:
    return InputError(f"webhook: the address {why}", "webhook:https://HOST/PATH")

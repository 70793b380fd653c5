# SPDX-License-Identifier: MIT
"""MicroPython's own image for the ESP32: from micropython.org over https into the cache, and only that very image.

Its size and SHA-256 stand here, so neither a server nor a cache can put another in its place.  The site publishes no
hash; this is what four public projects have written down of their downloads (docs/decisions/0011).  Partly fetched, it
has another name; the next try goes on from there.
"""

from __future__ import annotations

import hashlib
import http
import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import __version__
from .errors import DownloadFailed, KneesenseError
from .paths import cache

BASE = "https://micropython.org/resources/firmware/"
_SILENT_S = 15.0  # without a byte
_LONGEST_S = 900.0  # for all of it: 2 KB a second
_CHUNK = 16384

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Image:
    """One file of the site."""

    file: str
    version: str
    size: int
    sha256: str


OFFICIAL = Image(
    "ESP32_GENERIC-20260824-v1.29.0.bin",
    "1.29.0",
    1_790_544,
    "e67ad6015a0a504c1fec9aa9bbf589d0432ed28e62546f4f8dd8a147f8bd95f6",
)


def place(image: Image = OFFICIAL) -> Path:
    """Where it lies once it was fetched."""
    return cache() / "micropython" / image.file


def kept(image: Image = OFFICIAL) -> bytes | None:
    """From the cache; None if it is not there, or is not it any more."""
    try:
        content = place(image).read_bytes()
    except OSError:
        return None
    return content if _is(image, content) else None


def fetch(
    told: Told = lambda done, total: None,
    image: Image = OFFICIAL,
    base: str = BASE,
    context: ssl.SSLContext | None = None,
    longest_s: float = _LONGEST_S,
) -> bytes:
    """Download it, or what is missing of it.  DownloadFailed; nothing else ever lies under its name."""
    part = place(image).with_suffix(".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _download(part, image, base, context, told, longest_s)
        content = part.read_bytes()
        if not _is(image, content):
            part.unlink()
            found = hashlib.sha256(content).hexdigest()
            raise _failed(f"{len(content)} bytes came with SHA-256 {found}, which is not {image.file}")
        part.replace(place(image))
    except http.client.HTTPException:
        raise _failed("what answered does not speak HTTP") from None
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)  # of a longer file: from the beginning next time
        raise _failed(f"the server answers {error.code}") from None
    except urllib.error.URLError as error:
        raise _failed(_words(error.reason)) from None
    except TimeoutError:
        raise _failed(f"nothing came for {_SILENT_S:g} s") from None
    except OSError as error:
        if error.filename:
            raise KneesenseError(f"{error.filename}: {error.strerror}", "free some space") from None
        raise _failed(_words(error)) from None
    return content


def _download(
    part: Path, image: Image, base: str, context: ssl.SSLContext | None, told: Told, longest_s: float
) -> None:
    """Until the part is as long as the image, or longer than that by what shows that it is another."""
    have = part.stat().st_size if part.exists() else 0
    if have >= image.size:
        return
    head = {"User-Agent": f"kneesense/{__version__}"} | ({"Range": f"bytes={have}-"} if have else {})
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _Securely())
    over_s = time.monotonic() + longest_s
    with opener.open(urllib.request.Request(base + image.file, headers=head), timeout=_SILENT_S) as answer:
        goes_on = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(
            f"bytes {have}-"
        )
        have = have if goes_on else 0
        with part.open("ab" if goes_on else "wb") as out:
            told(have, image.size)
            while have <= image.size and (chunk := answer.read1(_CHUNK)):
                out.write(chunk)
                have += len(chunk)
                told(min(have, image.size), image.size)
                if time.monotonic() > over_s:
                    raise _failed(f"{have} of {image.size} bytes came in {longest_s:g} s")
    if have < image.size:
        raise _failed(f"the connection ended after {have} of {image.size} bytes")


class _Securely(urllib.request.HTTPRedirectHandler):
    """Follows the site elsewhere, but not out of https."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not newurl.startswith("https://"):
            raise _failed("the server sends to an address without https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is(image: Image, content: bytes) -> bool:
    return len(content) == image.size and hashlib.sha256(content).hexdigest() == image.sha256


def _words(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {reason.verify_message}"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason)


def _failed(why: str) -> DownloadFailed:
    return DownloadFailed(f"MicroPython was not downloaded: {why}")

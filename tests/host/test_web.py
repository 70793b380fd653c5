# SPDX-License-Identifier: MIT
"""The web page: who is let in, what is sent, what its buttons reach; and the page itself in a real Chromium."""

import asyncio
import hashlib
import json
import re
import signal
import socket
import sys
import threading
import tomllib
from importlib import resources
from urllib.parse import urlsplit

import chromium
import pytest
from liverun import LOST_S, SINCE_S, UNIT, Marks, heard, played
from starlette.testclient import TestClient

from kneesense.cli import screens
from kneesense.cli.output import Output
from kneesense.errors import InputError
from kneesense.liveview import LiveView
from kneesense.web import page as page_module
from kneesense.web import serve
from kneesense.web.page import FILES, Page
from kneesense.web.serve import serving

PORT = 8123
HERE = f"http://127.0.0.1:{PORT}"
OURS = {"Origin": HERE, "Content-Type": "application/json"}
STATIC = resources.files("kneesense.web") / "static"


class Site:
    """A page of the recorded run at second 15, and a client of it."""

    def __init__(self):
        self.view, self.now_s = played(15.0)
        self.marks = Marks(self.view, self.now_s)
        self.page = Page(self.view, self.marks, PORT)
        self.client = TestClient(self.page.app, base_url=HERE)

    def order(self, body, **headers):
        return self.client.post(self.page.path + "mark", content=body, headers=OURS | headers)


@pytest.fixture
def site():
    return Site()


@pytest.mark.parametrize("name", FILES)
def test_whoever_has_the_token_gets_the_page_and_its_files(site, name):
    answer = site.client.get(site.page.path + name)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(FILES[name][1])
    assert answer.content == (STATIC / FILES[name][0]).read_bytes()


@pytest.mark.parametrize("path", ["/", "/live.js", "/x/", "/x/states", "/x/mark", "/{half}/", "/%00/", "/é/"])
def test_without_the_token_nothing_is_told(site, path):
    half = site.page.path.strip("/")[:16]
    assert site.client.get(path.format(half=half)).status_code in (403, 405)
    refused = site.client.post(path.format(half=half), content='{"kind": "pain"}', headers=OURS)
    assert refused.status_code in (403, 405)
    assert site.marks.asked == []
    assert site.page.path.strip("/") not in refused.text


@pytest.mark.parametrize("name", [*FILES, "states"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": f"kneesense.example:{PORT}"},  # a name that was made to point here
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
        {"Origin": "https://example.org"},
        {"Origin": f"http://localhost:{PORT}"},
        {"Origin": "null"},
    ],
)
def test_another_host_or_origin_is_refused_even_with_the_token(site, name, headers):
    assert site.client.get(site.page.path + name, headers=headers).status_code == 403


@pytest.mark.parametrize("origin", ["https://example.org", "null", f"https://127.0.0.1:{PORT}", None])
def test_an_order_from_another_origin_or_none_is_refused(site, origin):
    headers = {"Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
    answer = site.client.post(site.page.path + "mark", content='{"kind": "pain"}', headers=headers)
    assert answer.status_code == 403
    assert site.marks.asked == []


def test_localhost_is_this_computer_too(site):
    host = f"localhost:{PORT}"
    headers = OURS | {"Host": host, "Origin": f"http://{host}"}
    assert (
        site.client.post(site.page.path + "mark", content='{"kind": "note"}', headers=headers).status_code
        == 200
    )


def test_each_run_has_a_token_of_its_own(site):
    other = Page(site.view, site.marks, PORT)
    assert other.path != site.page.path
    assert len(site.page.path) >= 32
    assert site.client.get(other.path).status_code == 403


@pytest.mark.parametrize("path", ["", "states?", "nothing", "../"])
def test_every_answer_forbids_what_the_page_does_not_need(site, path):
    site.page.close()
    for answer in (site.client.get(site.page.path + path), site.client.get("/wrong/" + path)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("kind", ["note", "pain", "mute"])
def test_a_button_reaches_the_session(site, kind):
    answer = site.order(json.dumps({"kind": kind}))
    assert (answer.status_code, answer.json()["done"]) == (200, True)
    assert site.marks.asked == [kind]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"\xff", {}, 400),
        (b"[" * 150, {}, 400),
        (b'{"kind": 3}', {}, 400),
        (b'{"other": "pain"}', {}, 400),
        (b'{"kind": "%s"}' % (b"x" * 1000), {}, 413),
        (b'{"kind": "pain"}', {"Content-Type": "text/plain"}, 415),
        (b"kind=pain", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_an_order_that_is_none_is_refused(site, body, headers, status):
    assert site.order(body, **headers).status_code == status
    assert site.marks.asked == []


def events(text):
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_the_stream_ends_with_the_last_state(site):
    site.view.end()
    site.page.close()
    answer = site.client.get(site.page.path + "states")
    assert answer.headers["content-type"].startswith("text/event-stream")
    ((name, state),) = events(answer.text)
    assert (name, state["over"], state["legs"][0]["strides"]) == ("end", True, 15)


async def test_a_change_is_sent_at_once_and_silence_is_broken_every_second(site, monkeypatch):
    monkeypatch.setattr(page_module, "EVERY_S", 0.001)
    monkeypatch.setattr(page_module, "ALIVE_S", 3600)
    stream = site.page._stream()
    first = dict(events(await anext(stream)))["state"]
    following = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.02)
    assert not following.done()
    site.view.feed({"type": "mark", "t_s": 1.0, "kind": "note"}, site.now_s, UNIT)
    second = dict(events(await following))["state"]
    assert second["notices"][0]["text"] == "marked"
    assert first["notices"] != second["notices"]
    monkeypatch.setattr(page_module, "ALIVE_S", 0)
    assert dict(events(await anext(stream)))["state"]["legs"]
    await stream.aclose()


def test_what_is_of_others_is_unchanged_with_its_licence():
    for library in tomllib.loads((STATIC / "VENDORED").read_text()).values():
        assert library["licence"] == "MIT"
        assert (
            "Permission is hereby granted, free of charge" in (STATIC / library["licence_file"]).read_text()
        )
        for name, digest in library["sha256"].items():
            assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest
        assert library["version"] in (STATIC / next(iter(library["sha256"]))).read_text()[:200]


def test_every_file_is_served_or_says_where_others_are_from():
    kept = {file.name for file in STATIC.iterdir()}
    assert kept == {name for name, _ in FILES.values()} | {"VENDORED", "uPlot.LICENSE"}


@pytest.mark.parametrize("name", ["live.html", "live.css", "live.js", "plots.js"])
def test_the_page_asks_nobody_else_and_makes_no_markup_of_data(name):
    text = (STATIC / name).read_text()
    assert "SPDX-License-Identifier: MIT" in text[:80]
    assert len(text.splitlines()) < 400
    assert re.findall(r"(?:https?:)?//[a-z]", text) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function", text) == []
    assert re.findall(r"\son\w+=|style=|javascript:", text) == []


async def test_it_listens_on_the_loopback_address_only_and_leaves_ctrl_c_alone():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    view, now_s = played(15.0)
    async with serving(view, Marks(view, now_s)) as url:
        await asyncio.sleep(0)
        port = int(url.split(":")[2].split("/")[0])
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", port))
        with pytest.raises(InputError, match=str(port)):
            async with serving(view, Marks(view, now_s), port):
                pass


async def test_bytes_that_are_no_request_leave_the_terminal_alone(caplog):
    view, now_s = played(15.0)
    async with serving(view, Marks(view, now_s)) as url:
        reader, writer = await asyncio.open_connection(*urlsplit(url).netloc.split(":"))
        writer.write(b"\x16\x03\x01\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()
        await writer.wait_closed()
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--web", "--tui"), "exclude each other"),
        (("--tui", "--json"), "choose one"),
        (("--tui",), "needs a terminal"),
        (("--port", "80"), "--web"),
        (("--web", "--port", "70000"), "65535"),
    ],
)
def test_flags_that_do_not_go_together(tell, flags, words):
    code, _, err = tell("run", *flags)
    assert code == 2
    assert words in "".join(err)


@pytest.mark.parametrize(("flag", "package"), [("web", "uvicorn"), ("web", "starlette"), ("tui", "textual")])
def test_without_its_extra_a_view_says_what_to_install(tell, monkeypatch, flag, package):
    for name in [name for name in sys.modules if name.startswith(("kneesense.web", "kneesense.tui"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in [package, *(name for name in sys.modules if name.startswith(package + "."))]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code, _, (err,) = tell("run", f"--{flag}")
    assert code == 3
    assert " -m pip install " in err
    assert f"[{flag}]'" in err
    assert package in err


@pytest.mark.skipif(not chromium.found(), reason="no Chromium (Debian, Ubuntu: apt install chromium)")
async def test_the_page_in_a_real_browser(tmp_path):
    """Fed with the recorded run: live, pressed, lost, over, and without the program."""
    loop = asyncio.get_running_loop()
    offset_s = loop.time() - SINCE_S  # time.monotonic is the loop's clock
    view = LiveView([(UNIT, "right")], "<b>Ann</b>")
    records = [(at_s, record, late) for at_s, record, late in heard() if at_s < LOST_S]
    for at_s, record, late in records:
        view.feed(record, SINCE_S + offset_s + at_s - 15.0, UNIT, late=late)

    def feed(record):
        view.feed(record, loop.time(), UNIT)

    marks = Marks(view, None)
    marks.feed = feed

    async def keep_running():
        while True:
            feed(records[-1][1] | {"ic_s": loop.time() - offset_s - SINCE_S + 15.0, "cadence_spm": 171.0})
            await asyncio.sleep(0.4)

    running = asyncio.create_task(keep_running())
    async with serving(view, marks) as url, chromium.opened(url, tmp_path) as tab:

        def shows(selector, text):
            return tab.until(f"document.querySelector({selector!r})?.textContent.includes({text!r})")

        await shows(".cadence", "171")
        await shows(".fresh", "running")
        await shows("#runner", "<b>Ann</b>")  # as text
        await tab.until("document.querySelectorAll('#plots canvas').length === 4")
        assert await tab.value("document.documentElement.scrollWidth <= innerWidth")
        await tab.until("!document.getElementById('pain').disabled")
        await tab.value("document.getElementById('pain').click()")
        await shows("#answer", "done: pain")
        assert marks.asked == ["pain"]
        await shows("#notices", "pain marked")
        running.cancel()
        feed({"type": "link", "t_s": None, "code": "lost", "message": "out of range"})
        await shows(".fresh", "connection lost")
        await shows(".cadence", "–")
        await tab.until("document.getElementById('pain').disabled")
        feed({"type": "alert", "t_s": None, "code": "x", "message": "<img src=x onerror=alert(1)>"})
        await shows("#alert", "<img src=x")
        view.end()
        await shows(".fresh", "the run is over")
        await tab.value("heard = performance.now() - 10000; ended = false; render()")
        await shows("#adrift", "No word from kneesense")
        assert tab.troubles == []
        hosts = {urlsplit(asked).netloc for asked in tab.asked if not asked.startswith("data:")}
        assert hosts == {urlsplit(url).netloc}


@pytest.mark.parametrize(("display", "opened"), [(":0", True), ("", False)])
async def test_a_browser_that_keeps_its_caller_waiting_keeps_no_run_waiting(monkeypatch, display, opened):
    """And one of the terminal, which there is where no window can be, is not opened at all."""
    asked, gone = threading.Event(), threading.Event()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(screens.webbrowser, "open", lambda url: (asked.set(), gone.wait(20)))
    view, now_s = played(15.0)
    made = screens.Screens(True, False, None, True, Output(False))
    async with asyncio.timeout(10), made.page(view, Marks(view, now_s)):
        assert await asyncio.to_thread(asked.wait, 5 if opened else 0.05) == opened
    gone.set()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_another_method_is_refused_as_everything_else_is(site, method):
    known = site.client.request(method, site.page.path + "mark", headers=OURS)
    strange = site.client.request(method, "/x/mark", headers=OURS)
    assert (known.status_code, strange.status_code) == (405, 403)
    assert all("default-src 'none'" in r.headers["content-security-policy"] for r in (known, strange))


@pytest.mark.parametrize("shared", [True, False])
def test_no_other_program_can_take_the_port_over(monkeypatch, shared):
    """What lets a port be used again at once on POSIX lets others share it on Windows."""
    monkeypatch.setattr(serve, "_REUSES", shared)
    with serve._listening(0) as listener:
        assert bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)) == shared

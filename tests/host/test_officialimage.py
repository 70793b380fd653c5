# SPDX-License-Identifier: MIT
"""MicroPython's image from the network: the very one or none, whatever server, network or cache do."""

import hashlib
import threading
from types import SimpleNamespace

import pytest
import webserver
from ownca import certificate

from kneesense import officialimage, partitions
from kneesense.cli.app import run
from kneesense.errors import DownloadFailed
from kneesense.officialimage import Image

CONTENT = bytes(i * 7 % 251 for i in range(100_000))
IMAGE = Image("ESP32_GENERIC-test.bin", "1.29.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def site(home):
    """A server over https: what it serves, with which faults; `fetch()` from it."""

    class Handler(webserver.Handler):
        def do_GET(self):  # noqa: N802  http.server's name
            site.asked.append((self.path, self.headers.get("Range")))
            if site.redirect:
                self.send_response(302)
                self.send_header("Location", site.redirect)
                self.end_headers()
                return
            first = 0
            wanted = self.headers.get("Range")
            if wanted and site.resumes:
                first = int(wanted.removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                shown = first + site.lies_by
                self.send_header(
                    "Content-Range", f"bytes {shown}-{len(site.content) - 1}/{len(site.content)}"
                )
            else:
                self.send_response(site.status)
            self.send_header("Content-Length", str(len(site.content) - first))
            self.end_headers()
            self.wfile.write(site.content[first : site.cut])
            site.silence.wait()

    site = webserver.Server(Handler)
    trusted, served = certificate("127.0.0.1")
    site.socket = served.wrap_socket(site.socket, server_side=True)
    site.base = f"https://127.0.0.1:{site.server_port}/"
    site.asked, site.content, site.status, site.cut = [], CONTENT, 200, None
    site.resumes, site.lies_by, site.redirect = True, 0, None
    site.silence = threading.Event()
    site.silence.set()
    fetch = officialimage.fetch
    site.fetch = lambda **how: fetch(**{"image": IMAGE, "base": site.base, "context": trusted, **how})
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.silence.set()
    site.shutdown()
    site.server_close()
    thread.join()


def part():
    return officialimage.place(IMAGE).with_suffix(".part")


def test_the_image_comes_whole_and_is_kept(site):
    shown = []
    assert officialimage.kept(IMAGE) is None
    assert site.fetch(told=lambda done, total: shown.append((done, total))) == CONTENT
    assert officialimage.kept(IMAGE) == CONTENT
    assert shown[0] == (0, len(CONTENT))
    assert shown[-1] == (len(CONTENT), len(CONTENT))
    assert site.asked == [("/ESP32_GENERIC-test.bin", None)]
    assert not part().exists()


@pytest.mark.parametrize(("resumes", "lies_by"), [(True, 0), (False, 0), (True, 5)])
def test_a_download_that_was_cut_goes_on_or_begins_anew_and_never_has_the_name_before(site, resumes, lies_by):
    site.cut, site.resumes, site.lies_by = 30_000, resumes, lies_by
    with pytest.raises(DownloadFailed, match="ended after 30000 of 100000"):
        site.fetch()
    assert officialimage.kept(IMAGE) is None
    assert not officialimage.place(IMAGE).exists()
    site.cut = None
    if lies_by:  # what it calls another range cannot be joined: too little comes, and the next try is whole
        with pytest.raises(DownloadFailed):
            site.fetch()
        site.resumes = False
    assert site.fetch() == CONTENT
    assert site.asked[1][1] == "bytes=30000-"


@pytest.mark.parametrize(
    "content", [CONTENT[:-1] + b"\0", b"<html>log in to this network</html>" * 3000, CONTENT * 2]
)
def test_another_file_is_refused_and_not_kept(site, content):
    site.content = content
    with pytest.raises(DownloadFailed, match="which is not ESP32_GENERIC-test"):
        site.fetch()
    assert not officialimage.place(IMAGE).exists()
    assert not part().exists()


def test_a_part_that_was_of_another_file_is_dropped_once_it_is_whole(site):
    part().parent.mkdir(parents=True)
    part().write_bytes(b"\0" * 40_000)
    with pytest.raises(DownloadFailed, match="which is not"):
        site.fetch()
    assert site.fetch() == CONTENT


def test_a_file_changed_in_the_cache_is_not_used(site):
    site.fetch()
    officialimage.place(IMAGE).write_bytes(CONTENT[:-1] + b"\0")
    assert officialimage.kept(IMAGE) is None
    assert site.fetch() == CONTENT


def test_a_server_that_falls_silent_or_drips_is_given_up(site, monkeypatch):
    site.cut = 20_000
    site.silence.clear()
    with pytest.raises(DownloadFailed, match="bytes came in 0 s"):
        site.fetch(longest_s=0)
    monkeypatch.setattr(officialimage, "_SILENT_S", 0.2)
    with pytest.raises(DownloadFailed, match=r"nothing came for 0.2 s"):
        site.fetch()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 404}, "answers 404"),
        ({"status": 416}, "answers 416"),
        ({"redirect": "http://127.0.0.1:9/x"}, "without https"),
    ],
)
def test_what_the_server_says_instead_is_told(site, fault, said):
    vars(site).update(fault)
    with pytest.raises(DownloadFailed, match=said):
        site.fetch()


def test_an_unknown_certificate_and_nobody_there_are_told(site):
    with pytest.raises(DownloadFailed, match="certificate is not trusted"):
        site.fetch(context=None)
    with pytest.raises(DownloadFailed, match="refused") as caught:
        site.fetch(base="https://127.0.0.1:9/")
    assert "--image" in caught.value.advice


def test_the_image_named_in_the_source_is_official_and_fits_the_partition():
    image = officialimage.OFFICIAL
    assert officialimage.BASE.startswith("https://micropython.org/")
    assert image.version in image.file
    assert len(bytes.fromhex(image.sha256)) == 32
    (factory,) = [p for p in partitions.table(4) if p.name == "factory"]
    assert image.size <= factory.offset + factory.size - 0x1000


def test_without_consent_nothing_is_downloaded(site, monkeypatch, capsys):
    monkeypatch.setattr(officialimage, "fetch", lambda told: site.fetch())
    assert run(["flash", "--port", "nowhere"]) == 2
    assert "nothing is downloaded without consent: --yes, or --image FILE" in capsys.readouterr().err
    assert run(["flash", "--sha256", "00" * 32, "--port", "nowhere", "--yes"]) == 2
    assert site.asked == []


@pytest.mark.parametrize(("answer", "downloads"), [("n", 0), ("", 0), ("Y", 1)])
def test_at_a_terminal_it_asks_and_only_yes_is_yes(site, monkeypatch, capsys, answer, downloads):
    monkeypatch.setattr(officialimage, "fetch", lambda told: site.fetch(told=told))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda: answer)
    assert run(["flash", "--port", "nowhere"]) == 2
    assert "Download MicroPython 1.29.0, 1.8 MB, from https://micropython.org/" in capsys.readouterr().err
    assert len(site.asked) == downloads


def test_what_was_downloaded_is_checked_as_an_image_before_the_board_is_asked(site, monkeypatch, capsys):
    monkeypatch.setattr(officialimage, "fetch", lambda told: site.fetch(told=told))
    assert run(["flash", "--port", "nowhere", "--yes"]) == 2
    assert "has no bootloader" in capsys.readouterr().err
    assert len(site.asked) == 1

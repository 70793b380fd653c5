# SPDX-License-Identifier: MIT
"""The built wheel holds both packages and the device's files, and works where the repository is not."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from kneecore.version import VERSION

ROOT = Path(__file__).parents[1]
FIRMWARE = ROOT / "firmware"
TEXT_VERSION = ".".join(map(str, VERSION))

pytest.importorskip("hatchling", reason="no build backend: pip install 'kneesense[dev]'")


def run(command, folder, **environment):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(kind, source, folder):
    run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder], source)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def python_files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*.py")}


def test_it_is_named_after_the_one_version(wheel):
    assert wheel.name == f"kneesense-{TEXT_VERSION}-py3-none-any.whl"


def test_it_holds_host_package_shared_package_and_the_devices_files(unpacked):
    assert python_files(unpacked / "kneesense/_firmware") == python_files(FIRMWARE)
    assert python_files(unpacked / "kneecore") == python_files(FIRMWARE / "kneecore")
    assert python_files(ROOT / "host/kneesense") <= python_files(unpacked / "kneesense")
    page = {path.name for path in (ROOT / "host/kneesense/web/static").iterdir()}
    assert {path.name for path in (unpacked / "kneesense/web/static").iterdir()} == page


def test_it_holds_nothing_else(unpacked):
    top = {path.name for path in unpacked.iterdir()}
    assert top == {"kneesense", "kneecore", f"kneesense-{TEXT_VERSION}.dist-info"}
    assert [path for path in unpacked.rglob("*") if path.suffix in {".pyc", ".pyi", ".toml"}] == []


def test_the_command_works_from_it(unpacked, tmp_path):
    """With the unpacked wheel first on the path, from a folder that is not the checkout."""
    code = "import kneecore, kneesense.cli.app; print(kneecore.__file__, kneesense.__file__); kneesense.cli.app.main()"
    for argument, expected in (("--help", "replay"), ("--version", TEXT_VERSION)):
        out = run([sys.executable, "-c", code, argument], tmp_path, PYTHONPATH=str(unpacked))
        assert out.split()[:2] == [
            str(unpacked / "kneecore/__init__.py"),
            str(unpacked / "kneesense/__init__.py"),
        ]
        assert expected in out


def test_the_entry_point_is_the_command(unpacked):
    text = (unpacked / f"kneesense-{TEXT_VERSION}.dist-info/entry_points.txt").read_text()
    assert "kneesense = kneesense.cli.app:main" in text


def test_the_source_archive_builds_the_same_wheel(wheel, tmp_path_factory):
    archive = build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    again = build("wheel", source, tmp_path_factory.mktemp("again"))
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())

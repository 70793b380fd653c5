# SPDX-License-Identifier: MIT
"""The repository holds text about itself only: no paths of one machine, no package hosts, no recordings."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOTS_OF_A_MACHINE = ("work", "tmp", "root", "home", "Users")  # the first folder of an absolute path
HOSTS = tuple(name.replace(" ", ".") for name in ("pypi org", "pythonhosted org", "npmjs org", "npmjs com"))
DATA = {
    ".csv",
    ".gz",
    ".zip",
    ".npz",
    ".npy",
    ".mat",
    ".h5",
    ".c3d",
    ".fit",
    ".parquet",
    ".bin",
    ".sqlite",
    ".db",
}
LONGEST_FILE = 400

PATH = re.compile(rf"(?<![\w.)}}/-])/({'|'.join(ROOTS_OF_A_MACHINE)})\b")


def listed():
    """Files of the repository, also those not yet added."""
    git = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(git, capture_output=True, text=True)
    if done.returncode:
        return []
    return [path for name in done.stdout.splitlines() if (path := ROOT / name).is_file()]


FILES = listed()
TEXTS = [path for path in FILES if path.suffix in {".py", ".md", ".toml", ".yml", ".csv", ".jsonl", ""}]
SOURCES = [path for path in FILES if path.suffix == ".py"]

pytestmark = pytest.mark.skipif(not FILES, reason="not a git checkout")


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEXTS, ids=relative)
def test_names_no_place_on_a_machine_and_no_package_host(path):
    text = path.read_text()
    assert PATH.findall(text) == []
    assert [host for host in HOSTS if host in text] == []


@pytest.mark.parametrize("name", ROOTS_OF_A_MACHINE)
@pytest.mark.parametrize("text", ["see /{}/x", "'/{}/a'", "(/{})", "cd /{}"])
def test_a_path_is_found(text, name):
    assert PATH.search(text.format(name))


@pytest.mark.parametrize("text", ["docs/work", "../tmp/", "network", "a/home/b", "/input/x"])
def test_other_slashes_are_not(text):
    assert not PATH.search(text)


def test_no_recordings_are_kept_here():
    assert [relative(path) for path in FILES if path.suffix in DATA and "hardware" not in path.parts] == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_source_file_says_its_licence_and_purpose_and_is_short(path):
    lines = path.read_text().splitlines()
    assert lines[0] == "# SPDX-License-Identifier: MIT"
    assert lines[1].startswith(('"""', "# "))
    assert len(lines) <= LONGEST_FILE


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.suffix in {".js", ".css"} and "uPlot" not in p.name], ids=relative
)
def test_what_a_page_is_made_of_says_its_licence(path):
    assert "SPDX-License-Identifier: MIT" in path.read_text().splitlines()[0]

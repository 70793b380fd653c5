# SPDX-License-Identifier: MIT
"""The bonds on the flash: a power cut at any moment of writing them leaves the old ones or the new ones, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import door, state

OLD = ((1, b"\x01key", b"secret" * 8),)
NEW = (*OLD, (2, b"\x02key", b"another" * 8))


def test_a_cut_at_every_byte_keeps_the_old_bonds_and_after_the_last_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bonds.json"
    door.save_bonds(NEW, str(path))
    whole = path.read_bytes()
    door.save_bonds(OLD, str(path))

    def cut(new: str, old: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(state.os, "rename", cut)
    with pytest.raises(KeyboardInterrupt):
        door.save_bonds(NEW, str(path))
    half = Path(str(path) + ".new")
    assert half.read_bytes() == whole
    for length in range(len(whole) + 1):
        half.write_bytes(whole[:length])
        assert door.load_bonds(str(path)) == OLD
    monkeypatch.undo()
    half.replace(path)
    assert door.load_bonds(str(path)) == NEW


def test_a_file_of_bonds_that_is_cut_or_spoilt_is_no_bonds_and_never_a_part_of_them(tmp_path: Path) -> None:
    path = tmp_path / "bonds.json"
    door.save_bonds(NEW, str(path))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert door.load_bonds(str(path)) in ((), NEW)
        path.write_bytes(whole[:length] + bytes((whole[length] ^ 1,)) + whole[length + 1 :])
        assert door.load_bonds(str(path)) == ()

# SPDX-License-Identifier: MIT
"""`make link` in short: every sample over a link that carries them, and over one that does not."""

from pathlib import Path

import pytest

from checks.link import LINKS, Link, measure


@pytest.mark.parametrize("link", [LINKS[0], LINKS[2]], ids=lambda link: link.name)
def test_every_sample_is_at_the_host_in_order_once_the_link_lets_it(tmp_path: Path, link: Link) -> None:
    result = measure(link, 14, tmp_path)
    assert result.ok, result
    assert result.taken > 14 * 500
    assert (result.arrived, result.wrong) == (result.taken, 0)

# SPDX-License-Identifier: MIT
"""The whole page: one file, no script, nothing fetched from anywhere."""

from __future__ import annotations

import re
from importlib.resources import files

from .. import __version__
from ..times import with_zone
from . import sections, sentence, weeks
from .facts import Facts
from .markup import Html, tag


def html(facts: Facts, made_utc: str) -> str:
    """The report as a file's text."""
    first = tag("h1", *sentence.parts(facts))
    body = tag(
        "main",
        first,
        sections.about(facts),
        sections.glance(facts),
        sections.advice(facts),
        sections.runs(facts),
        sections.strides(facts),
        sections.legs(facts),
        weeks.programme(facts),
        weeks.load_(facts),
        weeks.pain(facts),
        weeks.hip_programme(facts),
        sections.method(),
        tag(
            "footer",
            f"kneesense {__version__}, made {with_zone(made_utc)}. Health data: show it to whom you want to.",
        ),
    )
    style = Html((files("kneesense.report") / "style.css").read_text("utf-8"))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'",
        ),
        tag("title", plain(first)),
        tag("style", style),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}\n"


def plain(markup: Html) -> Html:
    """Its text alone, still escaped."""
    return Html(re.sub(r"<[^>]+>", "", markup).replace("\u00a0", " "))

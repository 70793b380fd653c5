# SPDX-License-Identifier: MIT
"""A notification of the desktop, by the program that each system has for it.

A library for this (desktop-notifier) keeps failures to itself, and here whether it was delivered must be known.
Texts go as arguments or in the environment, never into a script.  Tried on Linux only.
"""

from __future__ import annotations

import html
import platform
import shutil
from collections.abc import Mapping
from typing import Any

from ..errors import ExtraMissing
from . import programs

_TITLE = "kneesense"
_APPLESCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)
# Windows shows a toast only for an application it knows: that of PowerShell itself.
_TOAST = r"""
$ErrorActionPreference = 'Stop'
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$xml = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$texts = $xml.GetElementsByTagName('text')
$null = $texts.Item(0).AppendChild($xml.CreateTextNode($env:KNEESENSE_TITLE))
$null = $texts.Item(1).AppendChild($xml.CreateTextNode($env:KNEESENSE_TEXT))
$toast = New-Object Windows.UI.Notifications.ToastNotification $xml
$app = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\powershell.exe'
$manager::CreateToastNotifier($app).Show($toast)
"""
_PROGRAMS = {"Darwin": "osascript", "Windows": "powershell"}


class Desktop:
    """Raises ExtraMissing where nothing can show one."""

    name = "desktop"

    def __init__(self) -> None:
        self._program = _PROGRAMS.get(platform.system(), "notify-send")
        if shutil.which(self._program) is None:
            raise ExtraMissing(
                "desktop",
                f"no program here shows a notification ({self._program})",
                "install it (Debian, Ubuntu: apt install libnotify-bin), or leave out desktop",
            )

    async def send(self, record: Mapping[str, Any]) -> None:
        text = record["message"]
        if self._program == "osascript":
            script = [part for row in _APPLESCRIPT for part in ("-e", row)]
            await programs.run("osascript", *script, _TITLE, text)
        elif self._program == "powershell":
            said = {"KNEESENSE_TITLE": _TITLE, "KNEESENSE_TEXT": text}
            await programs.run("powershell", "-NoProfile", "-NonInteractive", "-Command", _TOAST, env=said)
        else:  # its text may be markup
            quoted = html.escape(text, quote=False)
            await programs.run(
                "notify-send", f"--app-name={_TITLE}", "--urgency=critical", "--", _TITLE, quoted
            )

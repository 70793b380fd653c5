# SPDX-License-Identifier: MIT
"""The one version of the project: the firmware reports it, the package build and the host read it here."""

VERSION = (0, 1, 0)

# SPDX-License-Identifier: MIT
"""The live view as a web page on this computer (extra `web`)."""

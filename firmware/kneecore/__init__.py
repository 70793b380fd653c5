# SPDX-License-Identifier: MIT
"""The pure part of the product: signal processing, decisions and wire format, the same on device and host."""

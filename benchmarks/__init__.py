"""Every speed and memory claim, as a command that prints a table."""

from __future__ import annotations

"""The headless command line: what is typed, what it does, what it prints."""

from __future__ import annotations

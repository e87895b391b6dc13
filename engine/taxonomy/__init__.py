"""What kinds of failure there are, and how foreign text is told to be one of them."""

from __future__ import annotations

"""The model that is asked for a step where no rule knows the screen; optional in every respect."""

from __future__ import annotations

"""Posting a reel through the app's own screens: know the screen, take one step, look again."""

from __future__ import annotations

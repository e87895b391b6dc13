"""The posting app on a simulated phone: what is on the screen, and what a tap does."""

from __future__ import annotations

from simulator.app.machine import AppMissing, ElementMissing, Habits, PostingApp
from simulator.app.on_phone import app_on

__all__ = ["AppMissing", "ElementMissing", "Habits", "PostingApp", "app_on"]

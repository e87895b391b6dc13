"""House themes: dark, light and one without colour. Colour repeats a sign, it never replaces it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="geelark-dark",
    primary="#5fafd7",
    secondary="#87afaf",
    accent="#d7af5f",
    warning="#d7af5f",
    error="#ff5f5f",
    success="#5faf5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#121212",
    panel="#1c1c1c",
    dark=True,
)
LIGHT: Final = Theme(
    name="geelark-light",
    primary="#005f87",
    secondary="#5f5f87",
    accent="#875f00",
    warning="#875f00",
    error="#af0000",
    success="#005f00",
    foreground="#262626",
    background="#ffffff",
    surface="#ffffff",
    panel="#eeeeee",
    dark=False,
)
MONO: Final = Theme(
    name="geelark-mono",
    primary="#ffffff",
    secondary="#c0c0c0",
    accent="#ffffff",
    warning="#ffffff",
    error="#ffffff",
    success="#ffffff",
    foreground="#c0c0c0",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
)
THEMES: Final = (DARK, LIGHT, MONO)

NAMES: Final[Mapping[str, str]] = {
    "dark": DARK.name,
    "light": LIGHT.name,
    "mono": MONO.name,
    "ansi-dark": "ansi-dark",
}
"""Names in the settings to Textual's; ``ansi-dark`` takes the terminal's own 16 colours and halves
what goes over the line (console-features 5.4)."""


def theme_name(setting: str, environment: Mapping[str, str] = os.environ) -> str:
    """The theme to begin with: monochrome where the environment wants no colour (NO_COLOR)."""
    if environment.get("NO_COLOR"):
        return MONO.name
    return NAMES.get(setting, DARK.name)

"""The ``geelark-console`` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the engine's headless command line, under the product's name.

    Everything that a screen will do is a command of the engine; this is their one entry.
    """
    from engine.commandline.cli import main as command_line

    return command_line(prog="geelark-console")


if __name__ == "__main__":
    sys.exit(main())

"""The ``geelark-console`` command as a module: ``python -m console``."""

from __future__ import annotations

import sys

from console.command_line import main

if __name__ == "__main__":
    sys.exit(main())

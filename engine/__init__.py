"""The headless core: supervisor, workers, ledger, errors, passes, phones and workloads.

Importing this package loads nothing; import the module that owns what you need.
"""

from __future__ import annotations

import tempfile

try:
    tempfile.gettempdir()
except OSError:
    # Portalocker asks for this folder while it is imported. With every disk full there is none,
    # and we need none: we write next to what we replace. Without this, nobody could stop a phone.
    tempfile.tempdir = "."

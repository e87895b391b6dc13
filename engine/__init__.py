"""The headless core: supervisor, workers, ledger, errors, passes, phones and workloads.

Importing this package loads nothing; import the module that owns what you need.
"""

from __future__ import annotations

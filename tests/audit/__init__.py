"""The audit of what this project is built on: pinned by hash, and without known security holes.

``python -m tests.audit`` is what ``make audit`` runs, after it has put pip-audit into place.
"""

from __future__ import annotations

"""The ledger's file behind ``engine.progress``; nothing else opens it.

``text`` splits bytes into cells, ``rows`` says what a credible row is, ``fold`` keeps each job's
latest row, ``file`` appends and notices edits, ``quarantine`` keeps what nobody understands,
``book`` holds these in step, ``access`` locks and changes, ``claims`` and ``outcomes`` decide.
"""

from __future__ import annotations

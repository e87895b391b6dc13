"""Where jobs come from beside campaign folders, and what keeps one from being done twice.

``state_source`` and ``captions`` read the operator's files, ``seeding`` makes jobs of them,
``posted`` is the record that outlives the day, ``post_history`` joins it with every ledger.
"""

from __future__ import annotations

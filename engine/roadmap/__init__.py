"""Roadmaps of coding-agent tasks: the document, the agents, the gates, the git repository.

Nothing is imported eagerly; take what is needed from the modules.
"""

from __future__ import annotations

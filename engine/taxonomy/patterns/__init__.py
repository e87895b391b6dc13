"""Patterns of foreign error text, as data; ``engine.taxonomy.classifier`` decides their order."""

from __future__ import annotations

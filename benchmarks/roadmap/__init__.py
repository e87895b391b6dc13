"""Roadmaps of coding-agent tasks: how near a run comes to its limit, and what troubles leave."""

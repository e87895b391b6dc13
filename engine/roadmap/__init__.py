"""Roadmaps: a document of phases, groups and tasks, each task done by a coding agent."""

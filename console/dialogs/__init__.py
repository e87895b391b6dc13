"""Questions before an act: exact targets, the safe choice preset, focus on *no* (6.11)."""

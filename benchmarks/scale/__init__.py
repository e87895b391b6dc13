"""How the engine's cost grows with rows, workers, phones and days; see ``__main__``."""

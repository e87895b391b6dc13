"""A day on the farm against the limit that its phones set: where time and phone minutes go."""

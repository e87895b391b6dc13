"""Short days on the simulated farm under faults, measured against the farm's own truth."""

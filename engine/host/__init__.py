"""What the engine knows of the host that it runs on: CPU and memory in use, how many workers fit,
and when one more or one less is right (behaviour C7). It knows no trade."""

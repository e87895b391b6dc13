"""Whether a run could work on this host: one check a question, each with its remedy."""

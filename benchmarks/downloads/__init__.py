"""Browser downloads: how much faster more workers are, what they take, and what kills leave."""

"""Overview: what came in, who is active, growth."""

"""Input that is broken: a clear error each, nothing of the good rows lost."""

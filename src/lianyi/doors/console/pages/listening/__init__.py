"""Pages of listening: topics with their tone, complaints that wait, noise; one topic."""

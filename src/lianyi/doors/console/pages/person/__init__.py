"""One person: profile, tags, keys, timeline, merging, erasure."""

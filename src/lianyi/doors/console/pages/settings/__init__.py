"""Settings: brand, team, keys, audit log."""

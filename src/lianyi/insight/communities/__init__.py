"""Communities: who belongs together, under a name that lasts."""

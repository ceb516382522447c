"""SMS through any provider that speaks HTTP: what it wants to hear is declared, not programmed."""

"""Plans of ripples that are kept: what was asked, what was answered, what came of it."""

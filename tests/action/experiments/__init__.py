"""Laws of who is held out, and of what the log is told of it."""

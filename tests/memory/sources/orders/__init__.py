"""Order reports and lists of people."""

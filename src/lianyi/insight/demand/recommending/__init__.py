"""Which goods and content to show each person, and why."""

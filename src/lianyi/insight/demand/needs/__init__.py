"""What people need: how likely each is to buy of each category soon, also of what they never looked at."""

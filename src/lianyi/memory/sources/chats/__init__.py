"""What all chat formats share: rooms and their events, times, JSON arrays too big for memory, damaged CSV and text."""

"""Audiences: live sets of people defined by a condition, and static lists. Who is in, why, and who entered and left."""

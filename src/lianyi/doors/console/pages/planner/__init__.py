"""The planner: whom to ask first, what will come of it, what if; and what came of it."""

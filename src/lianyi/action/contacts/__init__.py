"""The outbox: every contact that was asked for, what was decided about it and what became of it; and who sends them."""

"""Operation of groups: the queue of moderation, rules with welcomes."""

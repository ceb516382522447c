"""Tags: the rules with their counts, rules of one's own, which words a condition may use."""

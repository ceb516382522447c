"""Rewards: what a person gets for a proven result, within the law; draws whose outcome anybody can compute again."""

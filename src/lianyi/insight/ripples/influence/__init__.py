"""Whose word carries: reach and revenue of each person, not to be gamed by volume. docs/methods/influence.md"""

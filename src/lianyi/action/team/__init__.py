"""The team: who may do what, who did what, and the keys by which sites and programs may write."""

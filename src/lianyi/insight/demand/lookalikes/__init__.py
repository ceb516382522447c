"""People who are like some seeds, ranked, with a measured figure of how well that tells them apart."""

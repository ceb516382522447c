"""Learning how things spread: probabilities per tie, topic and incentive from past ripples."""

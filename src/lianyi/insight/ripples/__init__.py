"""How things travel from person to person: share trees, spread probabilities, simulation, whom to ask first."""

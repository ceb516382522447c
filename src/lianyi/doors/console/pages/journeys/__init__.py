"""The pages of journeys: list, one journey with figures on each step, the editor, trying it out, tasks of the team."""

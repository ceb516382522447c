"""Who is held out, so that there is somebody to compare with: one global group, and arms of campaigns and journeys."""

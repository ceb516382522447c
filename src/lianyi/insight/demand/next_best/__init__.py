"""The next best thing to do about each person, doing nothing always among the options; and what a policy is worth."""

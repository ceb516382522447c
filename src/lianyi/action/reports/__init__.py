"""The owner's monthly report by e-mail: who gets it, on which day, and that nobody gets it twice."""

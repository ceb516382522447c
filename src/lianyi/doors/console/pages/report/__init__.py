"""The owner's monthly report: months, one of them, the same as a file, who gets it by e-mail."""

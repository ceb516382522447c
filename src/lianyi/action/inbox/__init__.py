"""The inbox: what needs a person, in one queue, with who has it, what was answered, and how soon."""

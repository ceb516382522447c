"""The rules of stages that the brand keeps: versions, who changed them, and whom a change would move."""

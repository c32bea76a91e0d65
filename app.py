"""The composition root: a factory for each leg, and a command that serves all three. Nothing imports this file."""

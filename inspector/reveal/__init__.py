"""Reveal codes, tokens and verifiers that no longer work."""

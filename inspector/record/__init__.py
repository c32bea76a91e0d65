"""Record what the three legs receive and send, without its secrets."""

"""`make soak`: two nodes under load, attacks and faults, beside the model of `world.model`."""

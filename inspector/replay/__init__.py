"""Send a recorded message again, with changed parameters, and compare both responses."""

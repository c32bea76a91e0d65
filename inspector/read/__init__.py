"""Read the recording: group messages into flows, steps and tokens, and explain them."""

"""The lab: attacks that run over HTTP against the running servers, and checks that stop them."""

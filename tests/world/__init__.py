"""The world of the tests: a network, browsers, a clock, people and clients, for any project.

`network` is HTTP without sockets between WSGI applications, `browser` a browser on it, and
`registered_client` a client of an OAuth server. `cast` has the people and `clock` the time. `legs`
runs the three applications on one network; `processes` runs them as real processes, which a browser
visits through `sockets`. `chromium` is a real browser. `fixtures` makes pytest fixtures of these.
"""

"""What the tests stand on: a network, a browser, a clock and a cast. Nothing here is of use to this project alone.

`network` is HTTP without sockets between WSGI applications; `browser` a user-agent on it; `registered_client` a client of
an OAuth server; `cast` the people; `clock` the time; `legs` the three applications on one network; `processes` the same
three as a person starts them, which `sockets` lets the browser visit; `chromium` is a real one; `fixtures` hands all of
it to pytest.
"""

"""Step mode: in a browser that turned it on, each message of Print Shop waits for a button.

Print Shop does not know of it. `middleware.py` is around its application and runs a request in a
thread that can wait. `run.py` makes that thread wait before each message to another server.
`page.py` shows the message that waits. Everything is in the memory of one process, because the demo
runs one process for each leg.
"""

"""The inspector, for the demo only: it records messages, draws them, and runs the lab.

The legs do not know that they are recorded. `app.py` puts the recorder around each of them, and the
pages on Print Shop's application.
"""

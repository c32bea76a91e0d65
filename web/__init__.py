"""The parts that any web application of this project needs, independent of OAuth.

Each file has one job, and `application.py` assembles them. This file imports none of them: the
command `python app.py` needs only a few.
"""

"""The passwords of the lab's users, whom the authorization server seeds in the demo.

`auth_server/demo.py` has the same passwords: the lab may not import a leg, and no leg may import
the lab. No attack succeeds or fails as declared when the two differ, so the tests hold them equal.
"""

LAB_PASSWORDS = {"lab-carol": "bench and burner", "lab-mallory": "smoke and mirrors"}

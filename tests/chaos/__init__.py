"""Senders that are killed, databases that restart, disks that fill up: nothing twice, nothing lost.

The short form is collected by pytest; the long one is `python -m tests.chaos` (make chaos).
"""

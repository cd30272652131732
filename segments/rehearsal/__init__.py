"""Examples come to life: one customer, day by day, decided by the very code that runs in earnest.

An example, the journeys as of each day, and where people live go in; what was decided, and where
that differs from what the example expects, comes out. No store, no files, no clock.
"""

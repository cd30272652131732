"""Deciding told a second time, person by person: what `segments.decide` has to agree with.

Plain rows in, plain rows out: no pandas, no numpy, nothing done for many at once. It is written
from what the journeys promise, to be read and checked, and shares with the engine no more than the
models of the YAML, the names of the steps, and the hash that draws lots.
"""

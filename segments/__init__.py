"""Segments decide: who a customer is, what is due, whether it helped.

In: frames, specs and a moment. Out: frames. Never: a network, a database, a file, the clock,
chance, or Prefect. Whoever holds the same inputs gets the same answer, on any machine.
"""

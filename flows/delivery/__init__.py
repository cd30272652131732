"""Messages leave here: claimed from the outbox, composed, handed to an outlet, recorded.

In: an engine, an outlet, and a function that composes messages. Out: rows of `send` moved on, and
a report of what went, what was held back and why. Never: decides who is written to, renders, or
sends again what may have gone.
"""

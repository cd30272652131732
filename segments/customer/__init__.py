"""Who is this customer?

In: the figures of each customer as of a moment (`flows.store.figures`), the figures of the whole
base, the policy. Out: one profile a customer, with the columns of `frames.PROFILE`. Never: looks
at a single customer in a loop, or at anything but the rows it is given; a shard of customers and
the whole base give the same answer.
"""

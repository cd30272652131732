"""Every change of the tables, numbered, oldest first.

In: a connection that holds the lock, from `flows.store.upgrade`. Out: tables as the models want
them. A migration names columns and types itself and never asks `flows.store.models` or
`segments.names`, which move on; it is not changed after the release that carried it.
"""

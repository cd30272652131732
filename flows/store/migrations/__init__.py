"""Every change of the tables, numbered, oldest first.

In: a connection that holds the lock, from `flows.store.upgrade`. Out: tables as the models want
them. A migration names columns and types itself and never asks `flows.store.models` or
`segments.names`, which move on; it is not changed after the release that carried it. The guard of
`flows.store.machine` alone is drawn up as the machine has it: a release that changes the machine
brings a migration that draws it anew, and so does one that builds `send` anew on SQLite.
"""

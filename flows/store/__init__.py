"""The contact log: everything we know, decided and sent, in one database.

In: checked frames and plans. Out: frames and frozen rows; no ORM object leaves this room.
SQLite by default, PostgreSQL in earnest; the same statements run on both.
"""

"""A mail server as a way out.

In: parcels of composed messages. Out: one receipt a message, read from the server's own answers;
each of them has one documented meaning (`answers`). Never: sends over a line that is less private
than the settings ask for, or hands a message over again that may have been taken.
"""

"""SendGrid's Web API v3 as a way out.

In: parcels of composed messages. Out: one receipt a message, and what SendGrid knows of messages
in doubt. Every answer, and every way of getting none, has one documented meaning (`answers`).
Never: sends a request twice whose body began to leave, or writes a key anywhere.
"""

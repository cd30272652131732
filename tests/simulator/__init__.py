"""SendGrid as far as we need it, in a process of its own: what the tests rehearse against.

In: requests as SendGrid's v3 API takes them. Out: its answers, what each mailbox would have
received, signed events, lists of suppressions, Email Logs; and its failures, on demand. It stands
for the outside and knows nothing of `flows` or `segments`.
"""

"""The stages of a day as plain functions; `flows/*.py` put Prefect around them.

In: a `Shop` and a moment. Out: counts. Here rooms meet: intake, deciding, messages, delivery,
responses and measuring know nothing of one another.
"""

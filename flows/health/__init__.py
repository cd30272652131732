"""What is wrong with a set-up: versions, keys, sender domains, schedules, data, disk.

In: what was found installed, in the environment, in the store, at a DNS resolver and on Prefect's
server, and a moment. Out: findings, each with what was looked at and how it stands; the words are
chosen elsewhere. Never: writes, sends, or shows a secret.
"""

"""Sending end to end: from the company's files to the mailboxes of the simulator, and back."""

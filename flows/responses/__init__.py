"""What comes back from people is read here, kept, and its consequences drawn.

In: files of events in the project's inbox. Out: rows of `response`, sends that moved on,
suppressions and objections, lines refused with their reason. Never: decides, or writes to anybody.
"""

"""Messages are written here: a folder of templates and the facts of a send make an `Outgoing`.

In: templates, facts from the store, the letterhead. Out: a message with the sources and context
that make it again byte for byte, or an error in marketing's words. Never: sends or decides.
"""

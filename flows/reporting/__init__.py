"""What colleagues read after a run: markdown, table rows and plain text.

In: the facts of a run as plain frames and numbers, a language. Out: text and lists of rows.
Never: asks the store, decides, or publishes; the flows hand the text to Prefect or the terminal.
"""

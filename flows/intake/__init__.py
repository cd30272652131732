"""The company's own data comes in here, is checked cell by cell, and goes into the store.

In: sources.yaml, files and databases. Out: the store's tables, kept rejects, a PullReport.
Never: decides anything about customers, holds a whole file, or reads the clock.
"""

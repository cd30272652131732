"""The demo company: Nordholz Büromöbel, who sell office furniture to businesses and do not exist.

In: a number of customers, a seed and a day. Out: the company's own CSV files, appended to day by
day, and what people answer to our messages. Never: reads the store or knows how we decide.
"""

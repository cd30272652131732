"""Did it help? Treated and held-out customers compared, journey by journey.

In: sums per journey and arm. Out: one row per journey with difference, interval and verdict.
Never: a row per customer, a look at the store, or a guess where nobody was held out.
"""

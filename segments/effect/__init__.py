"""Did it help? Treated and held-out customers compared, journey by journey.

In: sums per journey, part, arm and outcome, or the values of an experiment. Out: one row for each
comparison with difference, intervals and verdict; and what a comparison could show beforehand.
Never: a look at the store, or a guess where nobody was held out.
"""

"""What is due: journeys become forward-only programs, and enrollments move through them in sets.

In: specs, frames and now. Out: frames. Never: a loop over people.
"""

"""Worked scenarios: what a customer lives through, written as marketing would tell it."""

"""What holds messages back for a whole customer: complaints, and negotiations under way."""

import numpy as np

from segments.journey.gathering import Customers
from segments.names import Purpose
from segments.policy import Policy

PROMOTION = (Purpose.ADVERTISING, Purpose.SURVEY)
"""What an open complaint holds back, and one settled lately."""


class Holds:
    """For each customer at hand: open complaints, days since one was settled, a sales lock."""

    def __init__(self, customers: Customers, policy: Policy) -> None:
        self.complaints = np.asarray(customers.column("open_complaints").fillna(0), dtype="int64")
        self.settled = customers.column("days_since_complaint").to_numpy(
            dtype="float64", na_value=np.inf
        )
        self.locked = np.asarray(customers.column("sales_lock").fillna(False), dtype=bool)
        self.hold = policy.complaint_hold

    def from_complaining(self, who: np.ndarray, purpose: np.ndarray) -> np.ndarray:
        """Rows that wait until a complaint is settled."""
        waits: np.ndarray = (self.complaints[who] > 0) & np.isin(purpose, PROMOTION)
        return waits

    def from_healing(self, who: np.ndarray, purpose: np.ndarray) -> np.ndarray:
        """Rows that wait because one was settled only lately."""
        waits: np.ndarray = (self.settled[who] < self.hold.days) & np.isin(purpose, PROMOTION)
        return waits

    def from_dealing(self, who: np.ndarray, purpose: np.ndarray) -> np.ndarray:
        """Rows that wait until a negotiation is over."""
        waits: np.ndarray = self.locked[who] & (purpose == Purpose.ADVERTISING.value)
        return waits

    def any(self, who: np.ndarray, purpose: np.ndarray) -> np.ndarray:
        """Rows held back by any of these."""
        complaint = self.from_complaining(who, purpose) | self.from_healing(who, purpose)
        held: np.ndarray = complaint | self.from_dealing(who, purpose)
        return held

"""The tables, typed. Money is integer minor units, time is UTC, words are stored as written."""

from flows.store.models.attending import Alert, Approval, Pause
from flows.store.models.base import Base
from flows.store.models.company import (
    Complaint,
    Contact,
    Customer,
    Interaction,
    Owner,
    Permission,
    Product,
    Purchase,
    PurchaseLine,
    SalesLock,
)
from flows.store.models.consent import ConsentStep
from flows.store.models.log import (
    Enrollment,
    JourneyVersion,
    Ledger,
    ManualEntry,
    PhaseChange,
    Reject,
    Response,
    Run,
    SegmentFill,
    SegmentMember,
    Send,
    SourceState,
    TemplateVersion,
)
from flows.store.models.measuring import ComplaintCorrection, PurchaseCorrection, Terms
from flows.store.models.people import Notice, Task
from flows.store.models.quadrants import QuadrantChange
from flows.store.models.scaling import Part
from flows.store.models.sending import Doubt, EventBatch, Halt, Quota
from flows.store.models.suppression import Suppression
from flows.store.models.wishes import Preference, SurveyAnswer

__all__ = [
    "Alert",
    "Approval",
    "Base",
    "Complaint",
    "ComplaintCorrection",
    "ConsentStep",
    "Contact",
    "Customer",
    "Doubt",
    "Enrollment",
    "EventBatch",
    "Halt",
    "Interaction",
    "JourneyVersion",
    "Ledger",
    "ManualEntry",
    "Notice",
    "Owner",
    "Part",
    "Pause",
    "Permission",
    "PhaseChange",
    "Preference",
    "Product",
    "Purchase",
    "PurchaseCorrection",
    "PurchaseLine",
    "QuadrantChange",
    "Quota",
    "Reject",
    "Response",
    "Run",
    "SalesLock",
    "SegmentFill",
    "SegmentMember",
    "Send",
    "SourceState",
    "Suppression",
    "SurveyAnswer",
    "Task",
    "TemplateVersion",
    "Terms",
]

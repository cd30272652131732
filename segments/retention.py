"""How long what is kept beside the books is kept, as config/policy.yaml writes it."""

from pydantic import Field

from segments.spans import Duration, Span
from segments.written import Spec


class RetentionPolicy(Spec):
    """How long each kind of record is kept; what a report or a proof rests on is never deleted.

    Empty means: for good.
    """

    raw_events: Duration | None = Field(
        Span(90, "days"), description="batches of events and replies as they came, once applied"
    )
    rejects: Duration | None = Field(
        Span(90, "days"),
        description="rows of the company's data that were refused, with their cells",
    )
    rendered: Duration | None = Field(
        Span(24, "months"),
        description="what a message said to whom: name, address and order in it. The send stays, "
        "show can no longer print it",
    )
    response_detail: Duration | None = Field(
        Span(12, "months"),
        description="particulars of responses, such as the text of a bounce; what came back, and "
        "when, stays",
    )
    replies: Duration | None = Field(
        Span(24, "months"), description="text of replies and notes of conversations; the mood stays"
    )
    ledger: Duration | None = Field(
        Span(24, "months"), description="every decision of every planning run, with its reason"
    )
    doubts: Duration | None = Field(
        Span(12, "months"), description="how messages in doubt were settled"
    )
    quotas: Duration | None = Field(
        Span(60, "days"), description="how many messages an outlet took on a day"
    )

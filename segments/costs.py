"""What orders leave, what reaching people costs and which difference matters, as YAML writes it."""

from pydantic import Field

from segments.names import TaskKind
from segments.spans import Duration, Share, Span
from segments.written import Spec


class TaskCosts(Spec):
    """What a measure of each kind costs, travel included."""

    call: float = Field(8.0, ge=0, description="a call")
    visit: float = Field(120.0, ge=0, description="a visit")
    write: float = Field(6.0, ge=0, description="a letter or mail written by hand")
    check: float = Field(3.0, ge=0, description="looking something up")

    def of(self, kind: TaskKind) -> float:
        """What one of this kind costs."""
        return float(getattr(self, kind.value))


class CostPolicy(Spec):
    """What lies between an order and its contribution margin, in the project's currency.

    The margin of an order is what was paid for it, so after every discount, less what the goods
    cost and less its handling. What is written here applies from the day it is changed; what
    happened before keeps the costs of its day.
    """

    margin: Share = Field(
        0.4, description="share of the list price that is left of an order without a cost of goods"
    )
    order: float = Field(0.0, ge=0, description="handling and carriage of an order")
    return_: float = Field(
        0.0, ge=0, alias="return", description="handling and carriage of what is given back"
    )
    message: float = Field(0.01, ge=0, description="a message sent")
    task: TaskCosts = Field(default_factory=TaskCosts, description="a measure a colleague took")


class MeasurePolicy(Spec):
    """How what the journeys bring is judged. What is written here applies from that day on."""

    matters: float = Field(
        1.0, gt=0, description="the smallest difference in margin per customer worth knowing of"
    )
    wait: Duration = Field(
        Span(12, "months"), description="how long anybody would wait for a verdict"
    )
    planned: int = Field(
        5000,
        ge=100,
        description="so many customers of both arms a comparison is laid out for: about there it "
        "sees sharpest",
    )

"""The words of the house: one word for one thing, the same in YAML, database, log and report."""

from enum import StrEnum, auto


class Phase(StrEnum):
    """Where the relationship with a customer stands. Every customer is in exactly one."""

    PROSPECT = auto()
    EXPLORATION = auto()
    EXPANSION = auto()
    MATURITY = auto()
    AT_RISK = auto()
    ENDED = auto()
    REVITALIZATION = auto()


class Quadrant(StrEnum):
    """The four fields of customer value: revenue of today across, potential upwards."""

    TOP = auto()
    DEVELOPMENT = auto()
    PREMIUM = auto()
    SMALL = auto()


class Abc(StrEnum):
    """Rank by net revenue: A carries the first 80 %, B the next 15 %, C the rest, D brings none."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Reassurance(StrEnum):
    """How much confirmation a buyer needs after buying; doubt grows with the price."""

    NONE = auto()
    LIGHT = auto()
    FULL = auto()


class Mood(StrEnum):
    """How somebody sounded when we last spoke, as noted by the colleague who did."""

    DELIGHTED = auto()
    CONTENT = auto()
    NEUTRAL = auto()
    ANNOYED = auto()
    ANGRY = auto()


class Role(StrEnum):
    """What a contact does in the purchase."""

    BUYER = auto()
    USER = auto()
    DECISION_MAKER = auto()
    BILLING = auto()


class Salutation(StrEnum):
    """How a contact wants to be addressed; `none` greets by full name, or neutrally."""

    MS = auto()
    MR = auto()
    NONE = auto()


class Channel(StrEnum):
    """How a contact between us and a customer took place."""

    CALL = auto()
    VISIT = auto()
    MAIL = auto()
    LETTER = auto()
    FAIR = auto()


class Direction(StrEnum):
    """Who reached out to whom."""

    IN = auto()
    OUT = auto()


class OrderKind(StrEnum):
    """A purchase either sells or gives back."""

    SALE = auto()
    CREDIT = auto()


class JourneyStatus(StrEnum):
    """How far a journey may go."""

    DRAFT = auto()
    SHADOW = auto()
    REVIEW = auto()
    LIVE = auto()
    PAUSED = auto()


class Purpose(StrEnum):
    """What a message is for; decides which permission it needs."""

    SERVICE = auto()
    ADVERTISING = auto()
    SURVEY = auto()
    LEGAL = auto()


class AttentionClass(StrEnum):
    """What a message is worth a customer's attention for, the most important first."""

    LEGAL = auto()
    SERVICE = auto()
    COMPLAINT_RECOVERY = auto()
    REASSURANCE = auto()
    SURVEY = auto()
    REPEAT = auto()
    NEWSLETTER = auto()
    WIN_BACK = auto()


class Basis(StrEnum):
    """The permission a message rests on, stored with each send."""

    CONSENT = auto()
    EXISTING_CUSTOMER = auto()
    CONTRACT = auto()


class PermissionKind(StrEnum):
    """What a contact has said, or what the law grants, about being written to."""

    CONSENT = auto()
    OBJECTION = auto()
    EXISTING_CUSTOMER = auto()
    TRACKING = auto()


class ConsentStage(StrEnum):
    """How far a consent by double opt-in has come."""

    REQUESTED = auto()
    MAILED = auto()
    CONFIRMED = auto()
    EXPIRED = auto()


class SuppressionReason(StrEnum):
    """Why an address must not be written to."""

    HARD_BOUNCE = auto()
    SPAM_COMPLAINT = auto()
    UNSUBSCRIBE = auto()
    OBJECTION = auto()
    ERASURE = auto()
    MANUAL = auto()


class Arm(StrEnum):
    """Which side of the comparison a customer is on."""

    TREATED = auto()
    HELD_OUT = auto()


class EnrollmentStatus(StrEnum):
    """An enrollment is under way, came to its end, or was taken out."""

    ACTIVE = auto()
    FINISHED = auto()
    EXITED = auto()


class LeaveReason(StrEnum):
    """Why an enrollment is no longer under way."""

    COMPLETED = auto()
    GOAL = auto()
    EXIT_WHEN = auto()
    ORDER_RETURNED = auto()
    NEW_VERSION = auto()
    TIMED_OUT = auto()


class Outcome(StrEnum):
    """What became of a send."""

    QUEUED = auto()
    GHOST = auto()
    DEFERRED = auto()
    SKIPPED = auto()
    CLAIMED = auto()
    ACCEPTED = auto()
    DELIVERED = auto()
    BOUNCED = auto()
    DROPPED = auto()
    REJECTED = auto()
    IN_DOUBT = auto()
    EXPIRED = auto()
    CANCELLED = auto()
    RENDER_FAILED = auto()


class SkipReason(StrEnum):
    """Why a send was held back: marketing's first question."""

    NO_CONTACT = auto()
    NO_ADDRESS = auto()
    NO_PERMISSION = auto()
    CONSENT_DORMANT = auto()
    NOT_SIMILAR = auto()
    OBJECTED = auto()
    SUPPRESSED = auto()
    COMPLAINT_OPEN = auto()
    COMPLAINT_HOLD = auto()
    SALES_LOCK = auto()
    ORDER_RETURNED = auto()
    EXITED = auto()
    GOAL_REACHED = auto()
    ALREADY_SENT = auto()
    QUIET = auto()
    CAPPED = auto()
    TOO_SOON = auto()
    OUTRANKED = auto()
    EXPIRED = auto()
    SHADOW = auto()
    NOT_APPROVED = auto()
    JOURNEY_NOT_LIVE = auto()
    TEMPLATE_ERROR = auto()


class Doubt(StrEnum):
    """What to do about a message when nobody can say whether it went: nothing, or send it again."""

    AT_MOST_ONCE = auto()
    AT_LEAST_ONCE = auto()


class HaltCause(StrEnum):
    """Why sending stands still: somebody stopped it, or what came back did."""

    HAND = auto()
    BOUNCES = auto()
    COMPLAINTS = auto()
    PROVIDER = auto()
    KEY = auto()
    QUOTA = auto()


class Review(StrEnum):
    """Where a send of a journey in review stands."""

    PENDING = auto()
    APPROVED = auto()
    REJECTED = auto()


class ResponseKind(StrEnum):
    """What came back."""

    PROCESSED = auto()
    DELIVERED = auto()
    DEFERRED = auto()
    DROPPED = auto()
    BOUNCE = auto()
    COMPLAINT = auto()
    UNSUBSCRIBE = auto()
    REPLY = auto()
    OPEN = auto()
    CLICK = auto()
    NPS = auto()
    ORDER = auto()
    UNKNOWN = auto()


class TaskKind(StrEnum):
    """A measure a colleague takes."""

    CALL = auto()
    VISIT = auto()
    WRITE = auto()
    CHECK = auto()


class TaskStatus(StrEnum):
    """Where a measure stands."""

    OPEN = auto()
    DONE = auto()
    CANCELLED = auto()


class TaskOutcome(StrEnum):
    """What became of a measure that is done; only who was reached can have said anything."""

    REACHED = auto()
    NOT_REACHED = auto()
    MESSAGE_LEFT = auto()
    NOT_NEEDED = auto()


class NoticeKind(StrEnum):
    """What a mail to a colleague is for."""

    DIGEST = auto()
    ALERT = auto()


class AlertKind(StrEnum):
    """What needs a person at once."""

    RUN_FAILED = auto()
    RUN_CRASHED = auto()
    RUN_MISSING = auto()
    BREAKER_OPEN = auto()
    SOURCE_STALE = auto()
    TASKS_OVERDUE = auto()
    SAMPLE_RATIO = auto()
    UNSUBSCRIBE_SLOW = auto()


class Trigger(StrEnum):
    """What makes a customer enter a journey."""

    ORDER = auto()
    PHASE = auto()
    SEGMENT = auto()
    DATE = auto()
    COMPLAINT = auto()
    NPS = auto()
    SCHEDULE = auto()
    MANUAL = auto()


class Event(StrEnum):
    """What happens around a customer and can start a journey or be waited for."""

    ORDER = auto()
    DELIVERED = auto()
    REPLY = auto()
    CLICK = auto()
    NPS = auto()
    TASK_DONE = auto()
    COMPLAINT_OPENED = auto()
    COMPLAINT_CLOSED = auto()
    MANUAL = auto()


class Migrate(StrEnum):
    """What a new version of a journey does to those who are under way in an older one."""

    KEEP = auto()
    RESTART = auto()
    EXIT = auto()


class Verdict(StrEnum):
    """What the comparison with the held-out customers says about a journey."""

    HELPS = auto()
    HURTS = auto()
    NO_EFFECT = auto()
    UNDECIDED = auto()
    TOO_SMALL = auto()
    NO_HOLDOUT = auto()


class Yardstick(StrEnum):
    """What a journey is measured by, per customer, while its outcome window lasts."""

    GOAL = auto()
    ORDERS = auto()
    REVENUE = auto()
    MARGIN = auto()
    RETURNS = auto()
    COMPLAINTS = auto()
    UNSUBSCRIBES = auto()


class Locale(StrEnum):
    """The languages we write in."""

    DE = auto()
    EN = auto()

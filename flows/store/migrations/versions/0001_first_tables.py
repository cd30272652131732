"""First tables."""

import sqlalchemy as sa
from alembic import op

from flows.store.machine import guard
from flows.store.types import Utc

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("told_at", Utc(), nullable=True),
        sa.Column("mailed_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("over_told_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(
            "uq_alert_standing",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "approval",
        sa.Column("id", BIG, nullable=False),
        sa.Column("journey", sa.String(length=60), nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("decision", sa.String(30), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("decided_at", Utc(), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_approval_journey_run_id"), ["journey", "run_id"], unique=False
        )

    op.create_table(
        "customer",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("country", sa.String(length=60), nullable=True),
        sa.Column("locale", sa.String(30), nullable=True),
        sa.Column("industry", sa.String(length=200), nullable=True),
        sa.Column("owner", sa.String(length=120), nullable=True),
        sa.Column("since", Utc(), nullable=True),
        sa.Column("state", sa.String(length=60), nullable=True),
        sa.Column("contract_end", Utc(), nullable=True),
        sa.Column("phase", sa.String(30), nullable=True),
        sa.Column("phase_since", Utc(), nullable=True),
        sa.Column("quadrant", sa.String(30), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("key", name=op.f("uq_customer_key")),
    )
    op.create_table(
        "event_batch",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("applied_at", Utc(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_batch")),
    )
    with op.batch_alter_table("event_batch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_event_batch_applied_at_id"), ["applied_at", "id"], unique=False
        )

    op.create_table(
        "halt",
        sa.Column("id", BIG, nullable=False),
        sa.Column("journey", sa.String(length=60), nullable=True),
        sa.Column("outlet", sa.String(length=60), nullable=True),
        sa.Column("cause", sa.String(30), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("until", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halt")),
    )
    with op.batch_alter_table("halt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_halt_ended_at"), ["ended_at"], unique=False)

    op.create_table(
        "journey_version",
        sa.Column("id", BIG, nullable=False),
        sa.Column("journey", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_version")),
        sa.UniqueConstraint("journey", "version", name=op.f("uq_journey_version_journey_version")),
    )
    op.create_table(
        "notice",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("outlet", sa.String(length=60), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("kind", "owner", "day", name=op.f("uq_notice_kind_owner_day")),
    )
    op.create_table(
        "owner",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_owner")),
    )
    op.create_table(
        "pause",
        sa.Column("id", BIG, nullable=False),
        sa.Column("flow_run", sa.String(length=40), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("released_at", Utc(), nullable=True),
        sa.Column("answered_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
        sa.UniqueConstraint("flow_run", name=op.f("uq_pause_flow_run")),
    )
    op.create_table(
        "product",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("category", sa.String(length=200), nullable=True),
        sa.Column("list_price", sa.BigInteger(), nullable=True),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.Column("fact", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("key", name=op.f("uq_product_key")),
    )
    op.create_table(
        "quota",
        sa.Column("outlet", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("outlet", "day", "domain", name=op.f("pk_quota")),
    )
    op.create_table(
        "run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("as_of", Utc(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("failed", sa.Text(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_kind_id"), ["kind", "id"], unique=False)

    op.create_table(
        "segment_fill",
        sa.Column("segment", sa.String(length=60), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("filled_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("segment", name=op.f("pk_segment_fill")),
    )
    op.create_table(
        "source_state",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("watermark", sa.String(length=60), nullable=True),
        sa.Column("fingerprint", sa.String(length=40), nullable=True),
        sa.Column("read_at", Utc(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_state")),
    )
    op.create_table(
        "template_version",
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("message", sa.String(length=60), nullable=False),
        sa.Column("locale", sa.String(30), nullable=False),
        sa.Column("sources", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_template_version")),
    )
    op.create_table(
        "terms",
        sa.Column("id", BIG, nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("costs", sa.JSON(), nullable=False),
        sa.Column("measure", sa.JSON(), nullable=False),
        sa.Column("holdout", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
    )
    op.create_table(
        "contact",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("salutation", sa.String(30), nullable=True),
        sa.Column("title", sa.String(length=60), nullable=True),
        sa.Column("first_name", sa.String(length=200), nullable=True),
        sa.Column("last_name", sa.String(length=200), nullable=True),
        sa.Column("role", sa.String(30), nullable=True),
        sa.Column("locale", sa.String(30), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_contact_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("key", name=op.f("uq_contact_key")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_email"), ["email"], unique=False)

    op.create_table(
        "ledger",
        sa.Column("id", BIG, nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("decided_at", Utc(), nullable=False),
        sa.Column("first_customer", BIG, nullable=False),
        sa.Column("last_customer", BIG, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_ledger_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint(
            "run_id", "first_customer", name=op.f("uq_ledger_run_id_first_customer")
        ),
    )
    op.create_table(
        "manual_entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("journey", sa.String(length=60), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_manual_entry_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_entry")),
        sa.UniqueConstraint(
            "journey", "customer_id", "key", name=op.f("uq_manual_entry_journey_customer_id_key")
        ),
    )
    op.create_table(
        "part",
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("first_customer", BIG, nullable=False),
        sa.Column("last_customer", BIG, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_part_run_id")),
        sa.PrimaryKeyConstraint("run_id", "first_customer", name=op.f("pk_part")),
    )
    op.create_table(
        "phase_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("before", sa.String(30), nullable=True),
        sa.Column("after", sa.String(30), nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_phase_change_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phase_change")),
        sa.UniqueConstraint("customer_id", "at", name=op.f("uq_phase_change_customer_id_at")),
    )
    op.create_table(
        "quadrant_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("before", sa.String(30), nullable=True),
        sa.Column("after", sa.String(30), nullable=True),
        sa.Column("run_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_quadrant_change_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quadrant_change")),
        sa.UniqueConstraint("customer_id", "at", name=op.f("uq_quadrant_change_customer_id_at")),
    )
    op.create_table(
        "reject",
        sa.Column("id", BIG, nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=400), nullable=False),
        sa.Column("row", BIG, nullable=False),
        sa.Column("column", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_reject_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reject")),
        sa.UniqueConstraint(
            "source", "place", "row", "column", name=op.f("uq_reject_source_place_row_column")
        ),
    )
    op.create_table(
        "sales_lock",
        sa.Column("id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_sales_lock_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_lock")),
        sa.UniqueConstraint("customer_id", "source", name=op.f("uq_sales_lock_customer_id_source")),
    )
    op.create_table(
        "segment_member",
        sa.Column("segment", sa.String(length=60), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_segment_member_customer_id")
        ),
        sa.PrimaryKeyConstraint("segment", "customer_id", name=op.f("pk_segment_member")),
    )
    op.create_table(
        "consent_step",
        sa.Column("id", BIG, nullable=False),
        sa.Column("permission_id", BIG, nullable=False),
        sa.Column("contact_id", BIG, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("purpose", sa.String(30), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("text_version", sa.Text(), nullable=True),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column("noted_by", sa.String(length=120), nullable=True),
        sa.Column("send_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_consent_step_contact_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_step")),
    )
    with op.batch_alter_table("consent_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consent_step_contact_id"), ["contact_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_consent_step_permission_id_kind"), ["permission_id", "kind"], unique=True
        )
        batch_op.create_index(batch_op.f("ix_consent_step_send_id"), ["send_id"], unique=False)

    op.create_table(
        "interaction",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("channel", sa.String(30), nullable=False),
        sa.Column("direction", sa.String(30), nullable=True),
        sa.Column("mood", sa.String(30), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_interaction_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_interaction_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("key", name=op.f("uq_interaction_key")),
    )
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_interaction_customer_id_at"), ["customer_id", "at"], unique=False
        )

    op.create_table(
        "preference",
        sa.Column("contact_id", BIG, nullable=False),
        sa.Column("apart_days", sa.Integer(), nullable=True),
        sa.Column("locale", sa.String(30), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_preference_contact_id")
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_preference")),
    )
    op.create_table(
        "purchase",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("ordered_at", Utc(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("credit_of", sa.String(length=120), nullable=True),
        sa.Column("credit_of_id", BIG, nullable=True),
        sa.Column("cancelled_at", Utc(), nullable=True),
        sa.Column("delivered_at", Utc(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("list_total", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("category", sa.String(length=200), nullable=True),
        sa.Column("seen_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_purchase_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["credit_of_id"], ["purchase.id"], name=op.f("fk_purchase_credit_of_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_purchase_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint("key", name=op.f("uq_purchase_key")),
    )
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_purchase_credit_of_id"), ["credit_of_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_purchase_customer_id_ordered_at"),
            ["customer_id", "ordered_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_purchase_ordered_at"), ["ordered_at"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("email_hash", sa.String(length=64), nullable=True),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("purpose", sa.String(30), nullable=True),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("ended_by", sa.String(length=120), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_suppression_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_suppression_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
    )
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppression_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_suppression_customer_id"), ["customer_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_suppression_email"), ["email"], unique=False)
        batch_op.create_index(batch_op.f("ix_suppression_email_hash"), ["email_hash"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_suppression_key_ended_at"), ["key", "ended_at"], unique=False
        )
        batch_op.create_index(
            "uq_suppression_standing",
            ["key"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "complaint",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("purchase_id", BIG, nullable=True),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("seen_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_complaint_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_complaint_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("key", name=op.f("uq_complaint_key")),
    )
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "enrollment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("journey", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("entry_key", sa.String(length=120), nullable=False),
        sa.Column("arm", sa.String(30), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("reason", sa.String(30), nullable=True),
        sa.Column("node", sa.String(length=120), nullable=False),
        sa.Column("arrived_at", Utc(), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("anchor_at", Utc(), nullable=False),
        sa.Column("entered_at", Utc(), nullable=False),
        sa.Column("left_at", Utc(), nullable=True),
        sa.Column("first_touch_at", Utc(), nullable=True),
        sa.Column("goal_at", Utc(), nullable=True),
        sa.Column("marked_at", Utc(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("purchase_id", BIG, nullable=True),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("outcome_seconds", sa.BigInteger(), nullable=True),
        sa.Column("drawn_share", sa.Float(), nullable=True),
        sa.Column("kept_out", sa.Boolean(), nullable=True),
        sa.Column("phase", sa.String(30), nullable=True),
        sa.Column("quadrant", sa.String(30), nullable=True),
        sa.Column("variants", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_enrollment_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_enrollment_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment")),
        sa.UniqueConstraint(
            "customer_id",
            "journey",
            "entry_key",
            name=op.f("uq_enrollment_customer_id_journey_entry_key"),
        ),
    )
    with op.batch_alter_table("enrollment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrollment_journey"), ["journey"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_enrollment_status_customer_id"), ["status", "customer_id"], unique=False
        )

    op.create_table(
        "permission",
        sa.Column("id", BIG, nullable=False),
        sa.Column("contact_id", BIG, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("purpose", sa.String(30), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("purchase_id", BIG, nullable=True),
        sa.Column("category", sa.String(length=200), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("collected_at", Utc(), nullable=True),
        sa.Column("requested_at", Utc(), nullable=True),
        sa.Column("confirmed_at", Utc(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("text_version", sa.Text(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_permission_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_permission_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission")),
        sa.UniqueConstraint(
            "contact_id",
            "kind",
            "purpose",
            "at",
            name=op.f("uq_permission_contact_id_kind_purpose_at"),
        ),
    )
    op.create_table(
        "purchase_correction",
        sa.Column("id", BIG, nullable=False),
        sa.Column("purchase_id", BIG, nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("corrected_at", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=True),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("ordered_at", Utc(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("cancelled_at", Utc(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("list_total", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_purchase_correction_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_correction_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_correction")),
    )
    with op.batch_alter_table("purchase_correction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_purchase_correction_customer_id_ordered_at"),
            ["customer_id", "ordered_at"],
            unique=False,
        )

    op.create_table(
        "purchase_line",
        sa.Column("id", BIG, nullable=False),
        sa.Column("purchase_id", BIG, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product_id", BIG, nullable=True),
        sa.Column("quantity", sa.Float(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("list_price", sa.BigInteger(), nullable=True),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_purchase_line_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_line_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_line")),
        sa.UniqueConstraint("purchase_id", "line", name=op.f("uq_purchase_line_purchase_id_line")),
    )
    op.create_table(
        "response",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("send_id", BIG, nullable=True),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("purchase_id", BIG, nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("seen_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_response_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("key", name=op.f("uq_response_key")),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(
            "ix_response_complaint",
            ["send_id"],
            unique=False,
            sqlite_where=sa.text("kind = 'complaint'"),
            postgresql_where=sa.text("kind = 'complaint'"),
        )
        batch_op.create_index(batch_op.f("ix_response_send_id"), ["send_id"], unique=False)

    op.create_table(
        "complaint_correction",
        sa.Column("id", BIG, nullable=False),
        sa.Column("complaint_id", BIG, nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("corrected_at", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=True),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_correction_complaint_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_complaint_correction_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_correction")),
    )
    with op.batch_alter_table("complaint_correction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaint_correction_customer_id"), ["customer_id"], unique=False
        )

    op.create_table(
        "send",
        sa.Column("id", BIG, nullable=False),
        sa.Column("enrollment_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("journey", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(length=60), nullable=False),
        sa.Column("purpose", sa.String(30), nullable=False),
        sa.Column("basis", sa.String(30), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("reason", sa.String(30), nullable=True),
        sa.Column("outranked_by", sa.String(length=60), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=True),
        sa.Column("review", sa.String(30), nullable=True),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("not_before", Utc(), nullable=False),
        sa.Column("valid_until", Utc(), nullable=False),
        sa.Column("decided_at", Utc(), nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("outlet", sa.String(length=60), nullable=True),
        sa.Column("claim_id", sa.String(length=40), nullable=True),
        sa.Column("claimed_at", Utc(), nullable=True),
        sa.Column("lease_until", Utc(), nullable=True),
        sa.Column("request_id", sa.String(length=40), nullable=True),
        sa.Column("batch_id", sa.String(length=100), nullable=True),
        sa.Column("send_at", Utc(), nullable=True),
        sa.Column("handed_over_at", Utc(), nullable=True),
        sa.Column("locale", sa.String(30), nullable=True),
        sa.Column("template_version", sa.String(length=32), nullable=True),
        sa.Column("context", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_send_contact_id")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_send_enrollment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send")),
        sa.UniqueConstraint(
            "enrollment_id",
            "step",
            "contact_id",
            "occurrence",
            name=op.f("uq_send_enrollment_id_step_contact_id_occurrence"),
        ),
    )
    with op.batch_alter_table("send", schema=None) as batch_op:
        batch_op.create_index(
            "ix_send_claimed",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("outcome = 'claimed'"),
            postgresql_where=sa.text("outcome = 'claimed'"),
        )
        batch_op.create_index(
            batch_op.f("ix_send_customer_id_decided_at"),
            ["customer_id", "decided_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_send_journey_outlet_outcome_handed_over_at"),
            ["journey", "outlet", "outcome", "handed_over_at"],
            unique=False,
            sqlite_where=sa.text("handed_over_at IS NOT NULL"),
            postgresql_where=sa.text("handed_over_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_send_queued",
            ["priority", "not_before", "id"],
            unique=False,
            sqlite_where=sa.text("outcome = 'queued'"),
            postgresql_where=sa.text("outcome = 'queued'"),
        )
        batch_op.create_index(
            "uq_send_without_contact",
            ["enrollment_id", "step", "occurrence"],
            unique=True,
            sqlite_where=sa.text("contact_id IS NULL"),
            postgresql_where=sa.text("contact_id IS NULL"),
        )

    op.create_table(
        "task",
        sa.Column("id", BIG, nullable=False),
        sa.Column("enrollment_id", BIG, nullable=True),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("owner", sa.String(length=120), nullable=True),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("escalate_at", Utc(), nullable=True),
        sa.Column("escalated_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("changed_at", Utc(), nullable=True),
        sa.Column("run_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_task_customer_id")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_task_enrollment_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_task_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("enrollment_id", "step", name=op.f("uq_task_enrollment_id_step")),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_status_owner"), ["status", "owner"], unique=False)

    op.create_table(
        "doubt",
        sa.Column("id", BIG, nullable=False),
        sa.Column("send_id", BIG, nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_at", Utc(), nullable=True),
        sa.Column("known", sa.Text(), nullable=True),
        sa.Column("settled_at", Utc(), nullable=True),
        sa.Column("settled_as", sa.String(30), nullable=True),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_doubt_send_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubt")),
    )
    with op.batch_alter_table("doubt", schema=None) as batch_op:
        batch_op.create_index(
            "uq_doubt_open",
            ["send_id"],
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "survey_answer",
        sa.Column("id", BIG, nullable=False),
        sa.Column("send_id", BIG, nullable=False),
        sa.Column("question", sa.String(length=60), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_survey_answer_send_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
        sa.UniqueConstraint("send_id", "question", name=op.f("uq_survey_answer_send_id_question")),
    )

    for statement in guard(op.get_context().dialect.name):
        op.execute(statement)

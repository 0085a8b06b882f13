"""The first tables; the audit log and the documents can only be added to."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FIXED = ("audit", "documents")


def upgrade() -> None:
    """Make the tables and what keeps two of them from being changed."""
    op.create_table(
        "documents", sa.Column("sha256", sa.Text, primary_key=True), sa.Column("body", sa.LargeBinary, nullable=False)
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("scheme_id", sa.Text, nullable=False),
        sa.Column("population", sa.Text, nullable=False),
        sa.Column("parent_id", sa.Text, sa.ForeignKey("revisions.id")),
        sa.Column("state", sa.Text, sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'approved', 'active', 'retired', 'rejected')"), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("authenticated", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("starts", sa.Text, nullable=False),
        sa.Column("ends", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("history_id", sa.Text, nullable=False),
        sa.Column("history_source", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("cost_before", sa.BigInteger),
        sa.Column("cost_after", sa.BigInteger, nullable=False),
        sa.Column("code_version", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("needs", sa.Text, nullable=False),
        sa.Column("submitted_at", sa.Text, nullable=False),
        sa.Column("decided_at", sa.Text),
        sa.Column("review_due", sa.Text),
        sa.Column("refresh_due", sa.Text),
    )  # fmt: skip
    op.create_table(
        "signatures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("revision_id", sa.Text, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("authenticated", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.UniqueConstraint("revision_id", "round", "role"),
        sa.UniqueConstraint("revision_id", "round", "who"),
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("revision_id", sa.Text, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("authenticated", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("issuer", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("not_before", sa.Text),
        sa.UniqueConstraint("issuer", "subject"),
    )
    op.create_table(
        "settings", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("at", "who")),
        sa.Column("authenticated", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("action", "subject", "detail", "previous", "hash")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table in FIXED:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} can only be added to'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% can only be added to', TG_TABLE_NAME; END $$"
    )
    for table in FIXED:
        op.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
        )

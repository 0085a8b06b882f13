"""Who proposed and who signed by what their provider calls them; and nothing takes the place of an entry of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; SQLite's INSERT OR REPLACE deletes without asking the triggers that refuse to delete."""
    op.add_column("revisions", sa.Column("author_id", sa.Text))
    op.add_column("signatures", sa.Column("who_id", sa.Text))
    if op.get_bind().dialect.name == "sqlite":
        for table, key in (("audit", "seq"), ("documents", "sha256")):
            op.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
                f"BEGIN SELECT RAISE(ABORT, '{table} can only be added to'); END"
            )

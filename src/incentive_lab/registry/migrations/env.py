"""Alembic's entry: it runs on the connection, and in the transaction, that the store hands over."""

from alembic import context

from incentive_lab.registry.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()

"""Alembic's entry. Flotilla migrates by `orchestrator.db.migrate.upgrade`, which hands its connection in; a developer's
`python -m orchestrator.db.migrate "why"` writes the next version from the models."""

from alembic import context

from orchestrator.tables import METADATA

if context.is_offline_mode():
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        output_buffer=context.config.output_buffer,
        literal_binds=True,
        target_metadata=METADATA,
    )
else:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=METADATA,
        render_as_batch=True,
        compare_type=True,
    )

with context.begin_transaction():
    context.run_migrations()

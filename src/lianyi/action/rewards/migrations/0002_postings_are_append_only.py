"""Postings can't be rewritten, not even by a mistake in our own code: triggers refuse it."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = """
CREATE TRIGGER rewards_posting_no_{act} BEFORE {act} ON rewards_posting
BEGIN SELECT RAISE(ABORT, 'postings of rewards are append-only'); END
"""
POSTGRES = (
    """
    CREATE FUNCTION rewards_posting_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'postings of rewards are append-only'; END $$
    """,
    """
    CREATE TRIGGER rewards_posting_append_only BEFORE UPDATE OR DELETE ON rewards_posting
    FOR EACH ROW EXECUTE FUNCTION rewards_posting_refuse()
    """,
)


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers of the database at hand."""
    statements = (
        POSTGRES
        if editor.connection.vendor == "postgresql"
        else [SQLITE.format(act=act) for act in ("UPDATE", "DELETE")]
    )
    for statement in statements:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("rewards", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]

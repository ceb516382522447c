"""The audit log can't be rewritten, not even by a mistake in our own code: triggers refuse it."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = """
CREATE TRIGGER team_act_no_{act} BEFORE {act} ON team_act
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
POSTGRES = (
    """
    CREATE FUNCTION team_act_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
    """,
    """
    CREATE TRIGGER team_act_append_only BEFORE UPDATE OR DELETE ON team_act
    FOR EACH ROW EXECUTE FUNCTION team_act_refuse()
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
    dependencies = [("team", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]

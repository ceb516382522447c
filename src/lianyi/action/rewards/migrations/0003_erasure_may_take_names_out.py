"""Movements stay as they are for ever, but for whom they name: an erasure may replace people by a word that says
nothing."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SAME = ("rule_id", "what", "order_no", "level", "amount", "reason", "due_at", "at", "by")
NAMES = ("person", "invited", "key")


def _unlawful(is_other: str) -> str:
    changed = [f'NEW."{name}" {is_other} OLD."{name}"' for name in SAME]
    changed += [f"""(NEW."{name}" {is_other} OLD."{name}" AND NEW."{name}" NOT LIKE 'erased-%')""" for name in NAMES]
    return " OR ".join(changed)


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers of the database at hand anew."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"""CREATE OR REPLACE FUNCTION rewards_posting_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN
                IF TG_OP = 'UPDATE' THEN
                    IF NOT ({_unlawful("IS DISTINCT FROM")}) THEN RETURN NEW; END IF;
                END IF;
                RAISE EXCEPTION 'postings of rewards are append-only';
            END $$""",
            params=None,
        )
        return
    editor.execute("DROP TRIGGER rewards_posting_no_UPDATE")
    editor.execute(
        f"""CREATE TRIGGER rewards_posting_no_UPDATE BEFORE UPDATE ON rewards_posting WHEN {_unlawful("IS NOT")}
        BEGIN SELECT RAISE(ABORT, 'postings of rewards are append-only'); END""",
        params=None,
    )


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_postings_are_append_only")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]

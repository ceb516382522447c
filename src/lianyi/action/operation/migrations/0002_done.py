"""Cases keep what of their measure was done."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """A column."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("operation", "0001_initial")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddField(model_name="case", name="done", field=models.JSONField(default=list)),
    ]

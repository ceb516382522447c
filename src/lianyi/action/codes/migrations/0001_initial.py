import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Code",
            fields=[
                ("token", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("campaign", models.CharField(db_index=True, max_length=200)),
                ("channel", models.CharField(max_length=50)),
                ("sharer", models.CharField(blank=True, db_index=True, max_length=64)),
                ("sharer_key", models.CharField(blank=True, db_index=True, max_length=512)),
                ("target", models.CharField(max_length=2000)),
                ("landing", models.BooleanField(default=False)),
                ("carry", models.BooleanField(default=False)),
                ("parent", models.CharField(blank=True, max_length=30)),
                ("depth", models.PositiveIntegerField(default=0)),
                ("same", models.CharField(max_length=64, unique=True)),
                ("by", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at", "token"],
            },
        ),
        migrations.CreateModel(
            name="Landing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("campaign", models.CharField(max_length=200, unique=True)),
                ("version", models.BigIntegerField(blank=True, null=True)),
                ("page", models.JSONField(default=dict)),
                ("disclosure", models.JSONField(default=dict)),
                ("asks_first", models.BooleanField(default=False)),
                ("by", models.CharField(max_length=100)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Draw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("campaign", models.CharField(blank=True, max_length=200)),
                ("prizes", models.JSONField()),
                ("currency", models.CharField(max_length=3)),
                ("entry", models.CharField(max_length=20)),
                ("rules", models.JSONField(default=dict)),
                ("organiser", models.CharField(max_length=200)),
                ("contact", models.CharField(max_length=200)),
                ("draws_at", models.DateTimeField()),
                ("redeem_until", models.DateTimeField()),
                ("beacon", models.CharField(max_length=200)),
                ("commitment", models.CharField(max_length=64)),
                ("seed", models.CharField(max_length=64)),
                ("beacon_value", models.CharField(blank=True, max_length=200)),
                ("entries", models.JSONField(default=dict)),
                ("tickets", models.CharField(blank=True, max_length=64)),
                ("winners", models.JSONField(default=list)),
                ("published_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("drawn_at", models.DateTimeField(blank=True, null=True)),
                ("by", models.CharField(max_length=100)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("campaign", models.CharField(db_index=True, max_length=200)),
                ("counts", models.CharField(default="order", max_length=20)),
                ("currency", models.CharField(max_length=3)),
                ("fixed", models.BigIntegerField(default=0)),
                ("share", models.PositiveIntegerField(default=0)),
                ("second", models.BigIntegerField(default=0)),
                ("least", models.BigIntegerField(default=0)),
                ("new_only", models.BooleanField(default=True)),
                ("days", models.PositiveIntegerField(default=30)),
                ("hold_days", models.PositiveIntegerField(default=15)),
                ("per_person", models.BigIntegerField()),
                ("budget", models.BigIntegerField()),
                ("spent", models.BigIntegerField(default=0)),
                ("payouts", models.PositiveIntegerField(default=0)),
                ("disclosure", models.JSONField(default=dict)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("by", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("spent__gte", 0)), name="reward_spent_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(("spent__lte", models.F("budget"))), name="reward_within_budget"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=600, unique=True)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("granted", "Granted"),
                            ("clawed_back", "Clawed Back"),
                            ("paid", "Paid"),
                            ("refused", "Refused"),
                        ],
                        max_length=20,
                    ),
                ),
                ("person", models.CharField(db_index=True, max_length=64)),
                ("invited", models.CharField(blank=True, max_length=64)),
                ("order_no", models.CharField(blank=True, db_index=True, max_length=512)),
                ("level", models.PositiveSmallIntegerField(default=1)),
                ("amount", models.BigIntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("by", models.CharField(max_length=100)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="rewards.rule"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Total",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.CharField(max_length=64)),
                ("amount", models.BigIntegerField(default=0)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="totals", to="rewards.rule"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "person"), name="one_total_per_rule_and_person")
                ],
            },
        ),
    ]

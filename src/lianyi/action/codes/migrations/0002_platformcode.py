import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="PlatformCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(db_index=True, max_length=30)),
                ("account", models.CharField(max_length=50)),
                ("carrier", models.CharField(max_length=40)),
                ("config_id", models.CharField(max_length=200)),
                ("qr_code", models.CharField(max_length=1000)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("gone_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("gone_at", None)),
                        fields=("account", "carrier", "token"),
                        name="codes_one_at_platform",
                    )
                ],
            },
        ),
    ]

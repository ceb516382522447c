"""What is drawn into the holdout: people, or communities as wholes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [
        migrations.AddField("campaign", "unit", models.CharField(default="person", max_length=10)),
    ]

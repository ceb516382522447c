"""The code by which orders name an offer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("offers", "0001_initial")]
    operations = [
        migrations.AddField("offer", "code", models.CharField(blank=True, default="", max_length=40)),
    ]

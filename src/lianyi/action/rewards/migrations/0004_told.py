"""Up to which movement of a rule the log knows them: what was taken back is told as well, and a crash loses nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0003_erasure_may_take_names_out")]
    operations = [
        migrations.AddField(model_name="rule", name="told", field=models.PositiveBigIntegerField(default=0)),
    ]

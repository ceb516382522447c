"""Names of pictures: the hash of their bytes, and what they are."""

import re

NAME = re.compile(r"[0-9a-f]{40}\.(?:png|jpg|gif)\Z")

"""How passwords are hashed: Argon2id with the parameters that OWASP's cheat sheet on password storage names first."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """19 MiB, 2 passes, 1 lane. Django's default takes 100 MiB for each sign-in, which a small server feels."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

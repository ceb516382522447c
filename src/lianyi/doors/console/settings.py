"""Django's settings, all derived from the workspace folder and a few environment variables.

LIANYI_WORKSPACE: the folder (default ./lianyi-data). LIANYI_URL: the address people use when it is not this machine,
e.g. https://crm.brand.cn; https there turns on secure cookies and HSTS. LIANYI_HOSTS: further host names, parted by
commas. LIANYI_DATABASE: where the operational database is, see doors.operational.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lianyi.doors import operational

HERE = Path(__file__).parent
WORKSPACE = Path(os.environ.get("LIANYI_WORKSPACE", "lianyi-data")).absolute()
PUBLIC_URL = os.environ.get("LIANYI_URL", "").rstrip("/")


def _secret_key() -> str:
    """The key in `secret.key`, made at the first start; a passing one where there is no workspace (as in tests)."""
    path = WORKSPACE / "secret.key"
    if not WORKSPACE.is_dir():
        return secrets.token_urlsafe(50)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text(encoding="ascii").strip()


SECRET_KEY = _secret_key()
DEBUG = False
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS += [host for host in (_public.hostname, *os.environ.get("LIANYI_HOSTS", "").split(",")) if host]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if PUBLIC_URL else []

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "lianyi.action.team.apps.TeamConfig",
    "lianyi.action.work.apps.WorkConfig",
    "lianyi.action.plans.apps.PlansConfig",
    "lianyi.action.audiences.apps.AudiencesConfig",
    "lianyi.action.journeys.apps.JourneysConfig",
    "lianyi.action.campaigns.apps.CampaignsConfig",
    "lianyi.action.content.apps.ContentConfig",
    "lianyi.action.policy.apps.PolicyConfig",
    "lianyi.action.contacts.apps.ContactsConfig",
    "lianyi.action.channels.apps.ChannelsConfig",
    "lianyi.action.codes.apps.CodesConfig",
    "lianyi.action.rewards.apps.RewardsConfig",
    "lianyi.action.offers.apps.OffersConfig",
    "lianyi.action.stages.apps.StagesConfig",
    "lianyi.action.operation.apps.OperationConfig",
    "lianyi.action.inbox.apps.InboxConfig",
    "lianyi.action.experiments.apps.ExperimentsConfig",
    "lianyi.action.reports.apps.ReportsConfig",
    "lianyi.doors.console.apps.ConsoleConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "lianyi.doors.console.headers.headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lianyi.doors.api.tokens.bearer",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "lianyi.doors.console.language.language",
    "lianyi.doors.console.first_run.first_run",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]
# What writes the monthly report as one HTML file, for who sends it and knows nothing of pages.
REPORT_FILE = "lianyi.doors.console.pages.report.showing.as_file"
ROOT_URLCONF = "lianyi.doors.console.urls"
ASGI_APPLICATION = "lianyi.doors.console.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "lianyi.doors.console.frame.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "lianyi.doors.console.templatetags.said",
                "lianyi.doors.console.templatetags.parts",
            ],
            "string_if_invalid": "",
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {"default": operational.for_django(WORKSPACE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "team.User"
PASSWORD_HASHERS = ["lianyi.action.team.passwords.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "full_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # invitation links, see action/team/invitations.py
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"

SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # forms and hx-headers carry the token; no script reads the cookie
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "lianyi.doors.console.pages.errors.csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _public.scheme == "https" else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

STATIC_URL = "/static/"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "lianyi.doors.console.assets.VersionedFiles"},
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Uploads go to the workspace's own disk: /tmp may be a small memory file system, and files may have gigabytes.
FILE_UPLOAD_TEMP_DIR: str | None = str(WORKSPACE / "staging")  # made where it is missing by uploads.py and bodies.py
FILE_UPLOAD_HANDLERS = ["lianyi.doors.console.uploads.WorkspaceUploads"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 << 20

USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # each page speaks in the brand's zone, see language.py
LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [WORKSPACE / "cache" / "locale"]  # compiled there at start, see catalogues.py

# The server decides how its processes log (doors/logs.py); Django adds nothing to it.
LOGGING_CONFIG = None

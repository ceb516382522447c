"""Coming in: the first owner, signing in, being slowed down, joining."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse

from lianyi.action.team import invitations
from lianyi.action.team.models import Act, SignInAttempt, User
from lianyi.doors.console.start import first_run_code
from lianyi.workspace import Workspace
from tests.doors.standing import PASSWORD, Standing

OWNER = {"full_name": "林 小雨", "name": "lin@tea.cn", "password": PASSWORD}
FAR = "203.0.113.9"


def test_before_there_is_an_owner_every_page_leads_to_the_first_run(brand: Workspace, db: None) -> None:
    for path in ("/", "/people", "/login", "/api/v1/people"):
        assert Client().get(path).headers["Location"] == "/start"


def test_the_first_run_makes_one_owner_and_signs_them_in(brand: Workspace, db: None) -> None:
    client = Client()
    code = first_run_code(brand.folder)
    assert client.post("/start", {**OWNER, "code": code}).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert User.objects.get().role == "owner"
    assert Client().post("/start", {**OWNER, "name": "second"}).headers["Location"] == "/login"
    assert User.objects.count() == 1


def test_the_first_run_needs_the_code_of_the_terminal_wherever_one_comes_from(brand: Workspace, db: None) -> None:
    code = first_run_code(brand.folder)
    assert code
    assert Client().post("/start", OWNER).status_code == 422, "a proxy on this machine looks like this machine"
    assert Client().post("/start", {**OWNER, "code": ""}).status_code == 422
    wrong = Client(REMOTE_ADDR=FAR).post("/start", {**OWNER, "code": "0" * 16})
    assert wrong.status_code == 422
    assert not User.objects.exists()
    behind_proxy = Client(HTTP_X_FORWARDED_FOR="203.0.113.9").post("/start", OWNER)
    assert behind_proxy.status_code == 422
    assert Client(REMOTE_ADDR=FAR).post("/start", {**OWNER, "code": code}).status_code == 302
    assert first_run_code(brand.folder) is None
    assert not (brand.folder / "first-run.code").exists()


def test_weak_passwords_are_refused(brand: Workspace, db: None) -> None:
    for password in ("short", "1234567890", "password123", "lin@tea.cn"):
        answer = Client().post("/start", {**OWNER, "password": password, "code": first_run_code(brand.folder)})
        assert answer.status_code == 422
    assert not User.objects.exists()


def sign_in(client: Client, name: str, password: str, **more: str) -> int:
    return client.post("/login", {"name": name, "password": password, **more}).status_code


def test_passwords_are_kept_as_argon2id_with_19_mebibytes() -> None:
    assert hashers.make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_right_password_opens_and_the_wrong_does_not(standing: Standing) -> None:
    assert sign_in(standing.stranger, "olga", "wrong-wrong-wrong") == 422
    assert sign_in(standing.stranger, "olga", PASSWORD) == 302
    assert standing.stranger.get("/").status_code == 200


def test_after_five_failures_even_the_right_password_must_wait(standing: Standing) -> None:
    for _ in range(5):
        assert sign_in(standing.stranger, "olga", "guess-guess-guess") == 422
    answer = standing.stranger.post("/login", {"name": "OLGA", "password": PASSWORD})
    assert answer.status_code == 422
    assert "15 minutes" in answer.content.decode()
    assert sign_in(Client(REMOTE_ADDR=FAR), "olga", PASSWORD) == 302, (
        "a stranger must not lock the owner out from elsewhere"
    )


def test_the_wait_ends(standing: Standing) -> None:
    for _ in range(5):
        sign_in(standing.stranger, "olga", "guess-guess-guess")
    attempts = SignInAttempt.objects.all()
    for attempt in attempts:
        SignInAttempt.objects.filter(pk=attempt.pk).update(at=attempt.at - timedelta(minutes=16))
    assert sign_in(standing.stranger, "olga", PASSWORD) == 302


def test_one_address_may_not_try_many_names(standing: Standing) -> None:
    for number in range(20):
        assert sign_in(standing.stranger, f"name{number}", "guess-guess-guess") == 422
    assert sign_in(standing.stranger, "olga", PASSWORD) == 422


def test_signing_in_leads_only_to_our_own_pages(standing: Standing) -> None:
    for wish, lead in (
        ("/people", "/people"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("\\\\evil", "/"),
    ):
        client = Client()
        answer = client.post("/login", {"name": "olga", "password": PASSWORD, "next": wish})
        assert answer.headers["Location"] == lead


def test_signing_out_needs_a_post_and_ends_the_session(standing: Standing) -> None:
    assert standing.owner.get("/logout").status_code == 405
    assert standing.owner.post("/logout").headers["Location"] == "/login"
    assert standing.owner.get("/").status_code == 302


def test_forms_without_csrf_token_are_refused_with_a_page(standing: Standing) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(name="olga"))
    answer = client.post("/settings/brand", {"name": "x"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_a_new_member_joins_once_by_link(standing: Standing) -> None:
    answer = standing.owner.post(
        "/settings/team", {"name": "new@tea.cn", "full_name": "New", "role": "operator"}, follow=True
    )
    user = User.objects.get(name="new@tea.cn")
    assert not user.has_usable_password()
    link = reverse("join", args=[user.pk, invitations.invite(user)])
    assert f"/join/{user.pk}/" in answer.content.decode()
    assert f"/join/{user.pk}/" not in standing.owner.get("/settings/team").content.decode(), "shown once"
    assert standing.stranger.post(link, {"password": PASSWORD}).headers["Location"] == "/"
    assert standing.stranger.get("/people").status_code == 200
    assert Client().get(link).status_code == 404, "a used link is void"


def test_someone_shut_out_is_out_at_once(standing: Standing) -> None:
    ann = User.objects.get(name="ann")
    assert standing.analyst.get("/people").status_code == 200
    standing.owner.post(f"/settings/team/{ann.pk}", {"act": "out"})
    assert standing.analyst.get("/people").status_code == 302
    assert sign_in(Client(), "ann", PASSWORD) == 422


def test_the_last_owner_can_neither_go_nor_step_down(standing: Standing) -> None:
    olga = User.objects.get(name="olga")
    for act in ({"act": "out"}, {"act": "role", "role": "analyst"}):
        standing.owner.post(f"/settings/team/{olga.pk}", act)
        olga.refresh_from_db()
        assert (olga.role, olga.is_active) == ("owner", True)


def test_signing_in_and_out_of_order_is_written_down(standing: Standing) -> None:
    sign_in(standing.stranger, "olga", PASSWORD)
    act = Act.objects.first()
    assert act
    assert (act.by, act.what, act.on) == ("olga", "sign_in", "127.0.0.1")

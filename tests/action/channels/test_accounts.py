"""Accounts: set up with settings that are checked, secrets that nobody can read, figures of what was sent."""

from __future__ import annotations

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from lianyi.action.channels import accounts, watching
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome, Reporting
from lianyi.action.channels.keyring import FILE_NAME, Keyring
from lianyi.action.channels.kinds import kind_of, kinds
from lianyi.action.channels.models import Account
from lianyi.action.team.models import Act
from lianyi.errors import InputError, NotFound, RefusedError, WorkspaceError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAIL = {"host": "smtp.example.cn", "from_address": "hello@example.cn", "user": "hello", "password": "s3cret-word"}


def mail(name: str = "mail", **more: Any) -> Account:
    return accounts.add(name, "email", {**MAIL, **more}, by="olga", now=NOW)


def test_an_account_keeps_its_secrets_encrypted_and_its_other_settings_readable(folder: Path) -> None:
    mail()
    account = Account.objects.get()
    assert account.settings["host"] == "smtp.example.cn"
    assert account.settings["port"] == 587, "what is not said is as the kind says"
    assert "password" not in account.settings
    assert "s3cret" not in account.sealed
    assert accounts.configured(account).settings["password"] == "s3cret-word"
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert "s3cret" not in str(accounts.described(account))
    assert accounts.described(account)["settings"]["password"] == "(set)"
    assert "s3cret" not in str(list(Act.objects.values_list("detail", flat=True)))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"host": ""}, "host: is missing"),
        ({"host": "smtp example"}, "host: write the name of a host"),
        ({"port": "high"}, "port: must be a whole number"),
        ({"port": 70000}, "port: 70000: 1 – 65535"),
        ({"encryption": "rot13"}, "encryption: 'rot13' is none of starttls, tls, none"),
        ({"from_address": "hello"}, "from_address: write an e-mail address"),
        ({"from_name": "Tea\r\nBcc: all@example.cn"}, "from_name: must be a text of one line"),
        ({"colour": "red"}, "colour: no such setting; email has host, port"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        mail(**changed)
    assert says in str(caught.value)
    assert not Account.objects.exists()


def test_names_are_short_and_taken_once() -> None:
    mail()
    with pytest.raises(InputError, match="there is a channel 'mail' already"):
        mail()
    with pytest.raises(InputError, match="name: Small letters"):
        mail("My mail!")
    with pytest.raises(NotFound, match="no channel 'post'; there are mail"):
        accounts.by_name("post")
    with pytest.raises(NotFound, match="no kind of channel 'pigeon'; there are email"):
        accounts.add("bird", "pigeon", {}, by="olga", now=NOW)


def test_what_is_not_given_stays_as_it_was() -> None:
    account = mail()
    accounts.change(account, {"host": "smtp2.example.cn", "password": ""}, by="olga", now=NOW)
    given = accounts.configured(Account.objects.get())
    assert (given.settings["host"], given.settings["password"]) == ("smtp2.example.cn", "s3cret-word")
    seal = given.seal
    accounts.change(account, {"password": "other"}, by="olga", now=NOW, pace={"per_second": 5.0, "at_once": 3})
    given = accounts.configured(Account.objects.get())
    assert (given.settings["password"], given.seal) == ("other", seal), "marks of messages on the way stay valid"
    limits = accounts.limits("mail")
    assert (limits.per_second, limits.at_once, limits.keyed) == (5.0, 3, False)
    assert [act.detail.get("settings") for act in Act.objects.filter(what="channel.change").order_by("id")] == [
        ["host"], ["password"]]  # fmt: skip


def test_an_account_that_is_off_is_not_opened() -> None:
    account = mail()
    accounts.turn(account, on=False, by="olga", now=NOW)
    assert (accounts.names(), accounts.names(on=False)) == ([], ["mail"])
    with pytest.raises(RefusedError, match="channel mail is turned off"):
        accounts.opened("mail")
    accounts.turn(account, on=True, by="olga", now=NOW)
    assert accounts.names() == ["mail"]
    accounts.remove(account, by="olga")
    assert accounts.names(on=False) == []


def test_rotation_leaves_secrets_readable_and_the_old_key_useless(folder: Path) -> None:
    mail()
    before = (folder / FILE_NAME).read_text()
    old_seal = Account.objects.get().sealed
    assert accounts.rotate(by="olga") == 1
    assert accounts.configured(Account.objects.get()).settings["password"] == "s3cret-word"
    after = (folder / FILE_NAME).read_text().split()
    assert len(after) == 1
    assert before.strip() not in after
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    with pytest.raises(WorkspaceError, match="does not hold the key of these secrets"):
        Keyring(folder).unseal(old_seal)


def test_a_rotation_that_is_cut_short_loses_nothing(folder: Path) -> None:
    keyring = Keyring(folder)
    sealed = keyring.seal({"password": "x"})
    with pytest.raises(ZeroDivisionError), keyring.rotated():
        raise ZeroDivisionError
    assert keyring.unseal(sealed) == {"password": "x"}
    assert len((folder / FILE_NAME).read_text().split()) == 2


def test_keys_made_at_once_by_many_are_one(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda number: Keyring(folder).seal({"number": number}), range(32)))
    assert [Keyring(folder).unseal(one)["number"] for one in sealed] == list(range(32))


def test_nothing_is_sealed_with_a_key_that_a_rotation_throws_away(folder: Path) -> None:
    keyring, order = Keyring(folder), []
    first = keyring.seal({"x": 0})

    def rotate() -> None:
        with Keyring(folder).rotated():
            order.append("rotated")

    with ThreadPoolExecutor(1) as pool:
        with keyring.steady():
            going = pool.submit(rotate)
            sealed = keyring.seal({"x": 1})
            order.append("sealed")
            assert keyring.unseal(sealed) == {"x": 1}
        going.result(10)
    assert order == ["sealed", "rotated"]
    with pytest.raises(WorkspaceError):
        keyring.unseal(first)


def test_a_lost_key_is_said(folder: Path) -> None:
    account = mail()
    (folder / FILE_NAME).write_bytes(Fernet.generate_key())
    with pytest.raises(WorkspaceError, match="does not hold the key"):
        accounts.configured(account)


def test_a_person_is_written_to_by_the_best_key_that_the_kind_knows() -> None:
    mail()
    keys = ["phone:8613912345678", "email:ann@example.cn", "email:ann@example.com", "user:1"]
    assert accounts.address_of("mail", keys) == "ann@example.cn"
    assert accounts.address_of("mail", ["phone:8613912345678"]) is None
    assert accounts.address_of("mail", ["email:nonsense"]) is None


def test_each_kind_can_be_shown_and_set_up() -> None:
    for kind in kinds().values():
        assert str(kind.title)
        assert str(kind.says)
        names = [setting.name for setting in kind.settings]
        assert len(names) == len(set(names))
        assert kind.door(), kind.name
        assert kind.namespaces or kind.name in {"webhook", "apprise"}
        for setting in kind.settings:
            if setting.default != "":
                assert setting.read(setting.default) == setting.default
    assert kind_of("email").word == "email"


def test_figures_are_of_the_running_hour() -> None:
    account = mail()
    tally = watching.Tally()
    tally.add(Outcome(fate=Fate.SENT), NOW)
    tally.add(Outcome(fate=Fate.FAILED, permanent=True, reason="550 no such user"), NOW)
    assert tally.failed_at is None, "a wrong address is no fault of the account"
    watching.keep("mail", tally, now=NOW)
    account.refresh_from_db()
    assert accounts.state(account, NOW) == "working"
    bad = watching.Tally()
    bad.add(Outcome(fate=Fate.FAILED, reason="no connection"), NOW + timedelta(minutes=5))
    watching.keep("mail", bad, now=NOW + timedelta(minutes=5))
    account.refresh_from_db()
    assert (accounts.state(account, NOW), account.failure) == ("failing", "no connection")
    assert accounts.this_hour(account, NOW + timedelta(minutes=30)) == (1, 2)
    assert accounts.this_hour(account, NOW + timedelta(hours=2)) == (0, 0)
    watching.keep("mail", tally, now=NOW + timedelta(hours=2))
    account.refresh_from_db()
    assert accounts.this_hour(account, NOW + timedelta(hours=2)) == (1, 1)


class Plain:
    """A channel that does nothing, well."""

    keyed = True
    closed = False

    async def deliver(self, message: Message) -> Outcome:
        return Outcome(fate=Fate.SENT)

    async def close(self) -> None:
        self.closed = True


class Telling(Plain):
    """One that tells later."""

    async def results(self, provider_ids: Any) -> Any:
        return {one: Outcome(fate=Fate.SENT) for one in provider_ids}


def test_counting_does_not_hide_what_a_channel_can() -> None:
    async def ask() -> None:
        plain: Channel = watching.Watched("x", Plain()).as_channel()
        telling = watching.Watched("x", Telling()).as_channel()
        assert plain.keyed
        assert not isinstance(plain, Reporting)
        assert isinstance(telling, Reporting)
        assert (await telling.results(["a"]))["a"].fate is Fate.SENT

    asyncio.run(ask())

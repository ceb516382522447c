"""Codes: the same asked for twice is the same, within the limits of every carrier, and gone with the person."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.action import forgetting
from lianyi.action.codes import carriers, drawing, issuing, tokens
from lianyi.action.codes.carriers import CARRIERS
from lianyi.action.codes.models import Code
from lianyi.action.codes.robots import CODES, Crowds
from lianyi.errors import InputError
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, copy_brand

NOW = datetime(2026, 11, 28, tzinfo=UTC)
WANTED = {"campaign": "spring", "channel": "wechat", "target": "https://tea.cn", "by": "t", "now": NOW}


@pytest.fixture
def ws(brand_template: Path, tmp_path: Path) -> Workspace:
    return copy_brand(brand_template, tmp_path / "tea")


def test_everybody_has_one_code_per_campaign_and_an_account_before_a_phone(ws: Workspace) -> None:
    ids = [ws.person(key).person_id for key in (ANNA, BO)]
    first = issuing.for_people(ws, person_ids=ids, **WANTED)  # type: ignore[arg-type]
    again = issuing.for_people(ws, person_ids=reversed(ids), **WANTED)  # type: ignore[arg-type]
    assert first == again
    assert len(set(first.values())) == 2
    assert set(Code.objects.values_list("sharer_key", flat=True)) == {ANNA, BO}
    other = issuing.for_people(ws, person_ids=ids, **{**WANTED, "channel": "email"})  # type: ignore[arg-type]
    assert not set(other.values()) & set(first.values())


@pytest.mark.parametrize(
    "changes",
    [{"campaign": ""}, {"campaign": "x" * 201}, {"target": "javascript:alert(1)"}, {"target": "tea.cn"},
     {"target": "mailto:a@b.cn"}, {"channel": "  "}],
)  # fmt: skip
def test_a_code_leads_to_a_web_address_and_has_a_campaign(changes: dict[str, str]) -> None:
    with pytest.raises(InputError):
        issuing.issue(sharer=None, **{**WANTED, **changes})  # type: ignore[arg-type]


def test_a_token_fits_into_every_carrier_and_comes_back() -> None:
    token = tokens.new_token()
    for name, carrier in CARRIERS.items():
        asked = carriers.request_for(name, token, path="pages/tea?x=1" if "path" in name else "")
        sent = str(asked.get(carrier.field, token))
        assert len(sent.encode()) <= carrier.limit
        for value in (sent, f"qrscene_{token}", f"https://work.weixin.qq.com/ca/x?customer_channel={token}"):
            if carrier.field != "path" or value == sent:
                assert carriers.token_in(value) == token
    with pytest.raises(InputError, match="1024"):
        carriers.request_for("miniprogram_path", token, path="p" * 1_020)
    with pytest.raises(InputError, match="500,000"):
        carriers.room_left("wecom_contact", 500_000)


@given(st.text(max_size=80))
def test_what_is_no_token_of_ours_is_none(text: str) -> None:
    found = carriers.token_in(text)
    assert found is None or tokens.TOKEN.match(found)


def test_tokens_are_not_guessed() -> None:
    made = {tokens.new_token() for _ in range(2_000)}
    assert len(made) == 2_000
    for place in range(tokens.LENGTH):
        assert len({token[place] for token in made}) == len(tokens.ALPHABET)


def test_an_address_may_open_one_code_as_often_as_it_likes() -> None:
    crowds = Crowds(clock=lambda: 0.0)
    assert not any(crowds.too_many("1.1.1.1", b"a", "same") for _ in range(100))
    seen = [crowds.too_many("1.1.1.1", b"b", str(number)) for number in range(CODES + 1)]
    assert seen == [False] * (CODES - 1) + [True, True]


def test_an_erased_person_is_in_no_code(ws: Workspace) -> None:
    person = ws.person(ANNA).person_id
    issuing.for_people(ws, person_ids=[person], **WANTED)  # type: ignore[arg-type]
    before = Code.objects.get()
    held = forgetting.export(ws, ANNA)
    assert [one["token"] for one in held["codes"]] == [before.token]
    assert {"events", "contacts", "journeys", "tasks", "rewards", "draws", "audiences", "words_on_consent"} <= set(held)
    forgetting.erase(ws, ANNA)
    after = Code.objects.get()
    assert (after.sharer, after.sharer_key) == ("", "")
    assert after.retired_at is not None
    assert after.same != before.same


def test_lines_of_a_poster_break_between_chinese_letters_and_between_words() -> None:
    assert drawing.wrapped("一二三四五六", len, 3) == ["一二三", "四五六"]
    assert drawing.wrapped("spring tea from here", len, 10) == ["spring tea", "from here"]
    assert drawing.wrapped("一二三。四", len, 3) == ["一二", "三。四"]


def test_a_letter_that_no_font_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no font on this machine has"):
        drawing.font_for("\ue83a", tmp_path)

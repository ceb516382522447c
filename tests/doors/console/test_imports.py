"""The import wizard: upload, recognise or map, check, import, rejects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from lianyi.action.work import queue
from lianyi.action.work.models import Job, Upload
from lianyi.doors.console.pages.imports import mapping as form
from lianyi.doors.console.uploads import short
from lianyi.errors import BadMapping
from lianyi.memory.sources.tabular.mapping import Mapping, Rule, Take
from lianyi.workspace import Workspace
from tests.doors.console.test_person import run_jobs, text
from tests.doors.standing import Standing

ORDERS = """会员,手机,下单时间,金额,商品
u1,13900000001,2026-01-02 10:00:00,12.50,绿茶
u2,13900000002,2026-01-03 11:00:00,8.00,红茶
u3,13900000003,not a time,9.00,白茶
"""


def upload(standing: Standing, name: str, content: str, **more: Any) -> Upload:
    file = SimpleUploadedFile(name, content.encode())
    answer = standing.owner.post("/import", {"file": file}, **more)
    assert answer.status_code in {204, 302}
    return Upload.objects.get(name=Path(name.replace("\\", "/")).name)


CHOICES = {
    "at": "下单时间",
    "actor_key": "会员",
    "actor_key_namespace": "user",
    "value": "金额",
    "object_key": "商品",
    "kind": "order",
    "source": "tea_shop",
}


def test_a_table_goes_in_by_mapping_check_and_import(standing: Standing, brand: Workspace) -> None:
    one = upload(standing, "orders.csv", ORDERS)
    page = text(standing.owner.get(f"/import/{one.pk}"))
    assert "What the columns mean" in page
    assert "绿茶" in page
    before = brand.lake.rows()
    assert standing.owner.post(f"/import/{one.pk}/read", CHOICES).status_code == 302
    run_jobs()
    assert brand.lake.rows() == before, "a check lands nothing"
    page = text(standing.owner.get(f"/import/{one.pk}"))
    assert "New events, not landed yet" in page
    assert "not a time" in page
    rejected: Any = standing.owner.get(f"/import/{one.pk}/rejects/0")
    assert "u3" in b"".join(rejected.streaming_content).decode("utf-8-sig")
    standing.owner.post(f"/import/{one.pk}/run")
    run_jobs()
    run_jobs()
    assert brand.lake.rows() > before
    assert brand.person("user:u1").profile["net_spend"] == brand.person("user:u1").profile["gross_spend"]
    assert not Path(one.path).exists(), "the uploaded file is deleted once it has landed"
    assert "Imported." in text(standing.owner.get(f"/import/{one.pk}"))


def test_a_person_of_two_columns_is_not_said_to_be_a_member_number(standing: Standing) -> None:
    """The draft takes phone, else e-mail; a choice of one kind of key beside it would be wrong."""
    rows = "Order No,Order Date,Phone,Email,Amount\n1,2026-01-02 10:00:00,13900000001,a@example.cn,9.00\n"
    page = text(standing.owner.get(f"/import/{upload(standing, 'shop.csv', rows).pk}"))
    assert "Phone / Email" in page
    assert '<option value="" selected>as guessed</option>' in page
    assert '<option value="user" selected>' in page, "of the other person, of whom nothing is guessed"


def test_the_same_file_twice_changes_nothing(standing: Standing, brand: Workspace) -> None:
    counts = []
    for _ in range(2):
        Upload.objects.all().delete()
        one = upload(standing, "orders.csv", ORDERS)
        standing.owner.post(f"/import/{one.pk}/read", CHOICES)
        run_jobs()
        standing.owner.post(f"/import/{one.pk}/run")
        run_jobs()
        counts.append(brand.lake.rows())
    assert counts[0] == counts[1]


def test_a_wrong_mapping_says_what_is_wrong(standing: Standing) -> None:
    one = upload(standing, "orders.csv", ORDERS)
    answer = standing.owner.post(f"/import/{one.pk}/read", {**CHOICES, "at": ""})
    assert answer.status_code == 422
    assert "at: is missing" in text(answer)
    answer = standing.owner.post(f"/import/{one.pk}/read", {"use_yaml": "1", "yaml": "source: [", "at": "x"})
    assert answer.status_code == 422


def test_a_known_format_needs_no_mapping(standing: Standing) -> None:
    log = "[10:00] <ada> hello\n[10:01] <bob> ada: hi\n" * 9
    one = upload(standing, "2026-01-02-#tea.log", log)
    assert "Recognised" in text(standing.owner.get(f"/import/{one.pk}"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\boot.ini", "a/b/c.csv"])
def test_a_file_name_never_leaves_its_folder(standing: Standing, brand: Workspace, name: str) -> None:
    one = upload(standing, name, ORDERS)
    assert Path(one.path).resolve().is_relative_to(brand.folder.resolve() / "staging" / "uploads" / str(one.pk))


def test_a_long_chinese_name_is_cut_to_what_a_disk_takes(standing: Standing, brand: Workspace) -> None:
    file = SimpleUploadedFile("订" * 120 + ".csv", ORDERS.encode())
    assert standing.owner.post("/import", {"file": file}).status_code == 302
    kept = Upload.objects.get()
    assert Path(kept.path).is_file()
    assert kept.name == "订" * 58 + ".csv"
    assert short("." + "x" * 300) == "." + "x" * 179
    assert short("orders.csv") == "orders.csv"


def test_an_upload_called_mapping_yaml_is_not_overwritten_by_its_mapping(standing: Standing) -> None:
    one = upload(standing, "mapping.yaml", ORDERS)
    one.mapping = "source: tea\nevents:\n- {kind: order, at: 下单时间, actor_key: {column: 会员, namespace: user}}\n"
    one.format = "table"
    one.save()
    queue.add("check", {"upload": str(one.pk)}, by="olga")
    run_jobs()
    assert Path(one.path).read_text(encoding="utf-8") == ORDERS
    assert [path.name for path in Path(one.path).parent.iterdir()] == ["mapping.yaml"]


def test_what_is_no_encoding_of_text_is_refused_before_it_is_kept(standing: Standing) -> None:
    one = upload(standing, "orders.csv", ORDERS)
    answer = standing.owner.post(f"/import/{one.pk}/read", {"encoding": "zlib_codec", "format": "table"})
    assert answer.status_code == 422
    assert "zlib_codec" in answer.content.decode()
    one.refresh_from_db()
    assert one.options == {}
    assert standing.owner.get(f"/import/{one.pk}").status_code == 200


def test_uploading_by_script_answers_where_to_go(standing: Standing) -> None:
    file = SimpleUploadedFile("orders.csv", ORDERS.encode())
    answer = standing.owner.post("/import", {"file": file}, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer.headers["X-Next"]) == (204, f"/import/{Upload.objects.get().pk}")
    assert standing.owner.post("/import", {}, headers={"X-Requested-With": "fetch"}).status_code == 422


def test_discarding_deletes_the_file(standing: Standing) -> None:
    one = upload(standing, "orders.csv", ORDERS)
    standing.owner.post(f"/import/{one.pk}/discard")
    assert not Path(one.path).parent.exists()
    assert not Upload.objects.exists()


def test_a_job_whose_file_is_gone_fails_with_words(standing: Standing) -> None:
    one = upload(standing, "orders.csv", ORDERS)
    standing.owner.post(f"/import/{one.pk}/read", CHOICES)
    Path(one.path).unlink()
    with pytest.raises(AssertionError, match="upload it again"):
        run_jobs()
    assert "upload it again" in text(standing.owner.get(f"/import/{one.pk}"))


def test_rejects_are_served_from_the_rejects_folder_only(standing: Standing, brand: Workspace) -> None:
    one = upload(standing, "orders.csv", ORDERS)
    job = Job.objects.create(kind="check", state="done", by="x", result={"files": [{"rejects_file": "/etc/passwd"}]})
    Upload.objects.filter(pk=one.pk).update(check_job=job)
    assert standing.owner.get(f"/import/{one.pk}/rejects/0").status_code == 404


BASE = Mapping(
    source="s",
    rules=(
        Rule(
            fields={
                "at": Take(column="t", format="%d/%m/%Y"),
                "kind": Take(constant="order"),
                "actor_key": Take(columns=("a", "b"), namespaces=("user", "phone")),
            },
            props={"qty": Take(column="q")},
        ),
    ),
)
COLUMNS = ("t", "a", "b", "q")


def filled(query: str) -> Mapping:
    return form.filled_in(QueryDict(query), BASE, source="s", columns=COLUMNS)


def test_what_stays_the_same_keeps_its_details() -> None:
    fields = filled("at=t&actor_key==").rules[0].fields
    assert fields["at"].format == "%d/%m/%Y"
    assert fields["actor_key"].columns == ("a", "b")


def test_a_column_that_becomes_a_field_is_no_property_any_more() -> None:
    assert filled("value=q").rules[0].props == {}


@pytest.mark.parametrize("query", ["at=", "at=nope", "kind=UPPER", "actor_key="])
def test_impossible_choices_are_refused(query: str) -> None:
    with pytest.raises(BadMapping):
        filled(query)

"""Communities before the three standing people: map, page, name; by API and command line too."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi as command
from lianyi.errors import InputError, NotFound
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, Standing

ROOM = "group:wecom/茶友群"


@pytest.fixture
def declared(brand: Workspace) -> str:
    """The tea room as a declared community."""
    made = brand.declare_community(ROOM, zh="茶友会", en="Tea <i>friends</i>", by="olga")
    brand.refresh("community_people")
    return made


def test_a_declared_community_is_listed_opened_renamed_and_keeps_its_name(
    standing: Standing, brand: Workspace, declared: str
) -> None:
    listed = standing.analyst.get("/communities").content.decode()
    assert "Tea &lt;i&gt;friends&lt;/i&gt;" in listed
    assert "community-map" in listed
    page = standing.analyst.get(f"/communities/{declared}").content.decode()
    assert "林安娜" in page
    assert (
        "Tea &lt;i&gt;friends&lt;/i&gt;"
        in standing.analyst.get(f"/people/{brand.person(ANNA).person_id}").content.decode()
    )
    say = f"/communities/{declared}/say"
    assert standing.analyst.post(say, {"en": "Mine"}).status_code == 403
    assert standing.stranger.post(say, {"en": "Mine"}).status_code == 302
    assert standing.owner.post(say, {"en": "Oolong club", "side": "user"}).status_code == 302
    assert "Oolong club" in standing.owner.get("/communities").content.decode()
    assert Act.objects.filter(what="community.rename", by="olga").exists()
    brand.refresh("community_people")
    row = brand.community(declared).row
    assert (row["name_en"], row["side"], row["position_said"]) == ("Oolong club", "user", True)


def test_the_command_line_and_the_library_say_the_same(brand: Workspace, declared: str) -> None:
    answer = CliRunner().invoke(command, ["-w", str(brand.folder), "community", declared, "--zh", "乌龙会"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert told["row"]["name_zh"] == "乌龙会" == brand.community(declared).row["name_zh"]
    assert told["row"]["size"] == 2
    with pytest.raises(NotFound):
        brand.community("c0")
    with pytest.raises(InputError, match="side"):
        brand.place_community(declared, side="mine")
    with pytest.raises(InputError):
        brand.rename_community(declared, zh="长" * 61)

"""WeChat's grey lines: every documented form, in text and as template, says who brought whom."""

from __future__ import annotations

import pytest

from lianyi.memory.sources.wechat.notices import Notice, read_notice, read_template
from lianyi.memory.sources.wechat.xml import BadXml


def _said(notice: Notice | None) -> tuple[str, str | None, list[str], str]:
    assert notice is not None
    who = ["me" if name.me else name.name for name in notice.who]
    by = None if notice.by is None else "me" if notice.by.me else notice.by.name
    return notice.act, by, who, notice.how


@pytest.mark.parametrize(
    ("line", "act", "by", "who", "how"),
    [
        ('"老王"邀请"小李"加入了群聊', "invite", "老王", ["小李"], "invited"),
        ('"老王"邀请"小李、阿青"加入了群聊', "invite", "老王", ["小李", "阿青"], "invited"),
        ("“老王”邀请“小李”加入了群聊", "invite", "老王", ["小李"], "invited"),
        ('"老王"邀请你和"小李"加入了群聊', "invite", "老王", ["小李", "me"], "invited"),
        ('"老王"邀请你和"小李、阿青"加入了群聊', "invite", "老王", ["小李", "阿青", "me"], "invited"),
        ('你邀请"小李"加入了群聊  ', "invite", "me", ["小李"], "invited"),
        ('你邀请"小李、阿青"加入了群聊  $revoke$', "invite", "me", ["小李", "阿青"], "invited"),
        ('"老王"邀请你加入了群聊，群聊参与人还有：小李、阿青', "invite", "老王", ["me"], "invited"),
        ('"老王"邀请你加入了群聊', "invite", "老王", ["me"], "invited"),
        ('"小李"通过扫描"老王"分享的二维码加入群聊', "invite", "老王", ["小李"], "qr code"),
        ('" 小李"通过扫描"老王"分享的二维码加入群聊', "invite", "老王", ["小李"], "qr code"),
        ('"小、李"通过扫描"老王"分享的二维码加入群聊', "invite", "老王", ["小、李"], "qr code"),
        ('"小李"通过扫描你分享的二维码加入群聊  ', "invite", "me", ["小李"], "qr code"),
        ('你通过扫描"老王"分享的二维码加入群聊，群聊参与人还有：小李', "invite", "老王", ["me"], "qr code"),
        ('"小李"通过扫描二维码加入群聊', "join", None, ["小李"], "qr code"),
        ('"小李"加入了群聊', "join", None, ["小李"], ""),
        ('你将"小李"移出了群聊', "remove", "me", ["小李"], "removed"),
        ('"老王"将"小李、阿青"移出了群聊', "remove", "老王", ["小李", "阿青"], "removed"),
        ('你被"老王"移出群聊', "remove", "老王", ["me"], "removed"),
        ('"小李"被"老王"移出了群聊', "remove", "老王", ["小李"], "removed"),
        ('"小李"退出了群聊', "leave", None, ["小李"], "left"),
        ("你退出了群聊", "leave", None, ["me"], "left"),
        ('"小李" 撤回了一条消息', "recall", None, ["小李"], "recalled"),
        ("你撤回了一条消息", "recall", None, ["me"], "recalled"),
        ('"老王"撤回了成员"小李"的一条消息', "recall", "老王", ["小李"], "recalled by admin"),
        ('"老王" 拍了拍 "小李"', "pat", "老王", ["小李"], "pat"),
        ('我拍了拍"小李"的头', "pat", "me", ["小李"], "pat"),
        ('"老王" 拍了拍我', "pat", "老王", ["me"], "pat"),
        ('"老王" 拍了拍自己', "pat", "老王", ["老王"], "pat"),
        ("你已添加了小李，现在可以开始聊天了。", "add", "me", ["小李"], "added"),
        ("小李刚刚把你添加到通讯录，现在可以开始聊天了。", "add", "小李", ["me"], "added"),
        ("Wang invited Li to the group chat", "invite", "Wang", ["Li"], "invited"),
        ('"Wang" invited "Li, Qing" to the group chat', "invite", "Wang", ["Li", "Qing"], "invited"),
        ("Wang invited 小李、阿青 to the group chat.", "invite", "Wang", ["小李", "阿青"], "invited"),
        ("You invited Li to the group chat.   ", "invite", "me", ["Li"], "invited"),
        ("Wang invited you to a group chat with Li, Qing", "invite", "Wang", ["me"], "invited"),
        ("Wang invited you and Li to the group chat", "invite", "Wang", ["Li", "me"], "invited"),
        ('"Li" joined group chat via the QR code you shared.  ', "invite", "me", ["Li"], "qr code"),
        ('"Li" joined the group chat via your shared QR Code.', "invite", "me", ["Li"], "qr code"),
        ('"Li" joined the group chat via the QR Code shared by "Wang".', "invite", "Wang", ["Li"], "qr code"),
        ('"Li" joined the group chat via QR code', "join", None, ["Li"], "qr code"),
        ('"Li" joined the group chat', "join", None, ["Li"], ""),
        ('You removed "Li" from the group chat', "remove", "me", ["Li"], "removed"),
        ('"Wang" removed "Li" from the group chat', "remove", "Wang", ["Li"], "removed"),
        ('You were removed from the group chat by "Wang"', "remove", "Wang", ["me"], "removed"),
        ('"Li" left the group chat', "leave", None, ["Li"], "left"),
        ('"Li" has recalled a message.', "recall", None, ["Li"], "recalled"),
        ("You recalled a message", "recall", None, ["me"], "recalled"),
        ('"Wang" tickled "Li"', "pat", "Wang", ["Li"], "pat"),
        ('I tickled "Li"', "pat", "me", ["Li"], "pat"),
        ('"Wang" tickled me', "pat", "Wang", ["me"], "pat"),
        ("You have added Li as your WeChat contact. Start chatting!", "add", "me", ["Li"], "added"),
    ],
)
def test_a_line_says_who_did_what_to_whom(line: str, act: str, by: str | None, who: list[str], how: str) -> None:
    assert _said(read_notice(line)) == (act, by, who, how)


@pytest.mark.parametrize(
    "line",
    [
        '"老王"修改群名为“新品群”',
        "收到红包，请在手机上查看",
        "以上是打招呼的内容",
        "邀请",
        "",
        "Wang changed the group name",
    ],
)
def test_other_lines_say_nothing_of_coming_and_going(line: str) -> None:
    assert read_notice(line) is None


def test_those_who_are_there_already_are_told_apart_from_the_invited() -> None:
    notice = read_notice('"老王"邀请你加入了群聊，群聊参与人还有：小李、阿青')
    assert notice is not None
    assert [name.name for name in notice.others] == ["小李", "阿青"]


def test_chatlog_writes_ids_after_names_so_that_separators_in_names_do_no_harm() -> None:
    notice = read_notice('"老王(wxid_a)"邀请"小李(wxid_b)、张、四(zhang_4)"加入了群聊', names_with_ids=True)
    assert notice is not None
    assert notice.by is not None
    assert notice.by.id == "wxid_a"
    assert [(name.name, name.id) for name in notice.who] == [("小李", "wxid_b"), ("张、四", "zhang_4")]


def template(text: str, **people: list[tuple[str, str]]) -> str:
    """A raw sysmsgtemplate as WeChat stores it."""
    links = "".join(
        f'<link name="{name}" type="link_profile"><memberlist>'
        + "".join(
            f"<member><username><![CDATA[{username}]]></username><nickname><![CDATA[{nickname}]]></nickname></member>"
            for username, nickname in members
        )
        + "</memberlist><separator><![CDATA[、]]></separator></link>"
        for name, members in people.items()
    )
    return (
        '123@chatroom:\n<sysmsg type="sysmsgtemplate"><sysmsgtemplate><content_template type="tmpl_type_profile">'
        f"<plain><![CDATA[]]></plain><template><![CDATA[{text}]]></template><link_list>{links}</link_list>"
        "</content_template></sysmsgtemplate></sysmsg>"
    )


@pytest.mark.parametrize(
    ("raw", "act", "by", "who"),
    [
        (
            template('"$username$"邀请"$names$"加入了群聊', username=[("wxid_a", "老王")],
                     names=[("wxid_b", "小李"), ("wxid_c", "张、四")]),
            "invite", "wxid_a", ["wxid_b", "wxid_c"],
        ),
        (
            template('" $adder$"通过扫描"$from$"分享的二维码加入群聊', adder=[("wxid_b", "小李")],
                     **{"from": [("wxid_a", "老王")]}),
            "invite", "wxid_a", ["wxid_b"],
        ),
        (
            template('"$adder$"通过扫描你分享的二维码加入群聊  $revoke$', adder=[("wxid_b", "小李")]),
            "invite", None, ["wxid_b"],
        ),
        (template('你邀请"$names$"加入了群聊  $revoke$', names=[("wxid_b", "小李")]), "invite", None, ["wxid_b"]),
        (template('你将"$kickoutname$"移出了群聊', kickoutname=[("wxid_b", "小李")]), "remove", None, ["wxid_b"]),
    ],
)  # fmt: skip
def test_a_template_gives_the_ids(raw: str, act: str, by: str | None, who: list[str]) -> None:
    notice, line = read_template(raw)
    assert notice is not None
    assert notice.act == act
    assert (notice.by.id if notice.by else None) == by
    assert [name.id for name in notice.who] == who
    assert "$" not in line


def test_a_recalled_message_is_named_by_its_number() -> None:
    notice, line = read_template(
        '<sysmsg type="revokemsg"><revokemsg><newmsgid>99</newmsgid>'
        '<replacemsg><![CDATA["小李" 撤回了一条消息]]></replacemsg></revokemsg></sysmsg>'
    )
    assert notice is not None
    assert (notice.act, notice.message_id, line) == ("recall", "99", '"小李" 撤回了一条消息')


@pytest.mark.parametrize(
    "raw",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><sysmsg>&b;</sysmsg>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><sysmsg/>',
        "<sysmsg><open></sysmsg>",
        "<a>" * 200 + "</a>" * 200,
        "<sysmsg>",
        "<a>" + "x" * 1_100_000 + "</a>",
    ],
)
def test_dangerous_or_broken_xml_is_refused(raw: str) -> None:
    with pytest.raises(BadXml):
        read_template(raw)

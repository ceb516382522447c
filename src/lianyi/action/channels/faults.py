"""What a platform's refusals mean: which setting is broken, and where it is mended. One table for each platform.

Texts are translated when they are shown. A code that no table knows is shown as the platform said it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from lianyi.action.channels.kinds import Finding

# What is set on a platform, or on this server, and is no setting of an account.
TITLES: Mapping[str, str | Promise] = {
    "trusted_ip": gettext_lazy("Trusted addresses of servers (IP)"),
    "domain": gettext_lazy("Trusted domain"),
    "permission": gettext_lazy("Permission"),
    "visible_range": gettext_lazy("Visible range"),
    "access_token": gettext_lazy("Access token"),
    "app_state": gettext_lazy("App turned off"),
    "callback_url": gettext_lazy("Callback address"),
    "clock": gettext_lazy("This server's clock"),
    "room": gettext_lazy("Membership in rooms"),
    "encryption_of_rooms": gettext_lazy("Encryption of rooms"),
    "limit": gettext_lazy("Rate limit"),
    "write_keys": gettext_lazy("Write keys"),
    "worker": gettext_lazy("Worker"),
    "disk": gettext_lazy("Disk"),
    "rows": gettext_lazy("Rejected rows"),
    "public_url": gettext_lazy("Public address (LIANYI_URL)"),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """setting: see Finding. says: what is wrong; mend: where to mend it, "" = at the setting of the account. certain:
    False for what may pass by itself."""

    setting: str
    says: str
    mend: str = ""
    certain: bool = True

    def finding(self, step: str, values: Mapping[str, str]) -> Finding:
        """The step of a self-check that found it."""
        return Finding(step=step, ok=False if self.certain else None, says=self.says, values=values,
                       setting=self.setting, mend=self.mend)  # fmt: skip


_BUSY = Fault(setting="limit", says=_("The platform is busy or asks us to wait ({error}). Check again in a minute."),
              certain=False)  # fmt: skip
_DEAD = Fault(
    setting="access_token",
    says=_("The platform does not take the access token that it gave us just now ({error})."),
    mend=_("Check again. If it stays so, make a new secret on the platform and enter it here."),
)
_RIGHT = Fault(
    setting="permission",
    says=_("The app has no right to this interface ({error})."),
    mend=_("WeCom admin console → 客户与上下游 → 客户联系 → 客户 → API → 可调用接口的应用: add the app whose secret "
           "is used here. For messages to your own team: 应用管理 → the app."),
)  # fmt: skip
_RANGE = Fault(
    setting="visible_range",
    says=_("What was asked for lies outside of the app's visible range, or its members may not work with customers "
           "({error})."),
    mend=_("WeCom admin console → 应用管理 → the app → 可见范围: add the members; and 客户联系 → 权限配置 → 使用范围."),
)  # fmt: skip
_AGENT = Fault(
    setting="agent_id",
    says=_("The secret is of another app than this agent id ({error})."),
    mend=_("WeCom admin console → 应用管理 → the app: AgentId and Secret stand there together; enter both here."),
)
_SECRET = Fault(
    setting="secret",
    says=_("The secret is wrong ({error})."),
    mend=_("WeCom admin console → 应用管理 → the app → Secret. Enter it at this channel."),
)
WECOM: Mapping[int, Fault] = {
    -1: _BUSY, 45009: _BUSY, 45033: _BUSY, 40014: _DEAD, 42001: _DEAD,
    40001: _SECRET, 40091: _SECRET,
    40013: Fault(
        setting="corp_id", says=_("There is no such corporation id ({error})."),
        mend=_("WeCom admin console → 我的企业 → 企业信息 → 企业ID. Enter it at this channel."),
    ),
    40056: _AGENT, 301002: _AGENT, 48002: _RIGHT, 84074: _RIGHT, 60011: _RANGE,
    60020: Fault(
        setting="trusted_ip",
        says=_("WeCom does not take calls from this server's address {address} ({error})."),
        mend=_("WeCom admin console → 应用管理 → the app → 企业可信IP: add {address}. It can be entered there only "
               "after a trusted domain (可信域名) or a callback address is set for the app."),
    ),
    50001: Fault(
        setting="domain", says=_("The domain of an address is none that the app trusts ({error})."),
        mend=_("WeCom admin console → 应用管理 → the app → 网页授权及JS-SDK → 可信域名: enter the domain of "
               "LIANYI_URL."),
    ),
}  # fmt: skip

OFF = Fault(
    setting="app_state",
    says=_("The app is turned off, so that nobody gets its messages."),
    mend=_("WeCom admin console → 应用管理 → the app: turn it on (启用)."),
)
UNSEEN = Fault(
    setting="visible_range",
    says=_("No member is in the app's visible range, so that nobody can be written to."),
    mend=_("WeCom admin console → 应用管理 → the app → 可见范围: add members, departments or labels."),
)
OTHER_DOMAIN = Fault(
    setting="domain",
    says=_("The app trusts the domain {trusted}, but this server is reached at {ours}."),
    mend=_("WeCom admin console → 应用管理 → the app → 网页授权及JS-SDK → 可信域名: {ours}; or set LIANYI_URL right."),
)
NO_COLLEAGUE = Fault(
    setting="visible_range", says=_("No member of staff may work with customers by this app."),
    mend=_("WeCom admin console → 客户与上下游 → 客户联系 → 权限配置 → 使用范围: add the members; then 应用管理 "
           "→ the app → 可见范围: add them there as well."),
)  # fmt: skip
NO_SENDER = Fault(
    setting="sender", says=_("{sender}, who is to send, may not work with customers by this app."),
    mend=_("WeCom admin console → 客户与上下游 → 客户联系 → 权限配置 → 使用范围: add {sender}; or name another "
           "sender here."),
)  # fmt: skip

_WECHAT_SECRET = Fault(
    setting="secret", says=_("The secret is wrong ({error})."),
    mend=_("mp.weixin.qq.com → 设置与开发 → 开发接口管理 → 基本配置 → AppSecret. Enter it at this channel."),
)  # fmt: skip
_WECHAT_RIGHT = Fault(
    setting="permission",
    says=_("The account has no right to this interface ({error})."),
    mend=_("mp.weixin.qq.com → 设置与开发 → 开发接口管理 → 接口权限. Many rights need a verified account (认证)."),
)
WECHAT: Mapping[int, Fault] = {
    -1: _BUSY, 45009: _BUSY, 40014: _DEAD, 42001: _DEAD, 40001: _WECHAT_SECRET, 40125: _WECHAT_SECRET,
    48001: _WECHAT_RIGHT, 48002: _WECHAT_RIGHT,
    40013: Fault(
        setting="app_id", says=_("There is no such AppID ({error})."),
        mend=_("mp.weixin.qq.com → 设置与开发 → 开发接口管理 → 基本配置 → AppID. Enter it at this channel."),
    ),
    40164: Fault(
        setting="trusted_ip", says=_("WeChat does not take calls from this server's address {address} ({error})."),
        mend=_("mp.weixin.qq.com → 设置与开发 → 开发接口管理 → 基本配置 → IP白名单: add {address}."),
    ),
}  # fmt: skip

_TOKEN = Fault(
    setting="token",
    says=_("The homeserver refuses the token: {error}."),
    mend=_("Sign the bot in once more in a Matrix client, take its access token (settings → help) and enter it here."),
)
MATRIX: Mapping[str, Fault] = {
    "M_UNKNOWN_TOKEN": _TOKEN, "M_MISSING_TOKEN": _TOKEN,
    "M_USER_DEACTIVATED": Fault(
        setting="token", says=_("The bot's account on the homeserver is closed: {error}."),
        mend=_("Register another bot on the homeserver and enter its token here."),
    ),
    "M_USER_LOCKED": Fault(
        setting="permission", says=_("The bot's account on the homeserver is locked: {error}."),
        mend=_("Ask who runs the homeserver to unlock it."),
    ),
    "M_LIMIT_EXCEEDED": _BUSY,
}  # fmt: skip
NO_HOMESERVER = Fault(
    setting="url",
    says=_("No Matrix homeserver answers at this address: {error}."),
    mend=_("Enter the address of the homeserver's client API here; https://SERVER/.well-known/matrix/client names it."),
)
NOT_IN_ROOM = Fault(
    setting="room",
    says=_("The bot {user} is not in {n} rooms in which it is to act: {rooms}."),
    mend=_("Invite {user} there in a Matrix client; turn on “Accept invitations” here, or join with the bot's client."),
)
ENCRYPTED = Fault(
    setting="encryption_of_rooms",
    says=_("{n} rooms are encrypted, so that what is said there can't be read: {rooms}."),
    mend=_("Encryption can't be turned off in a room. Make a room without it and move there, or turn “Read too” off."),
)
CLOCK = Fault(
    setting="clock",
    says=_("The clocks differ by {seconds} seconds."),
    mend=_(
        "Set this server's clock by NTP (timedatectl set-ntp true). Signatures and short-lived codes fail otherwise."
    ),
)

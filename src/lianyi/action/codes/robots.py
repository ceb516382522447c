"""Who opens a link without being a person: link scanners of mail and chat programs, previews, crawlers, scripts.

What is known by a request itself, and what is only seen over several (`Crowds`). Their arrivals are kept, flagged and
without a visitor; they are never counted. What gets through, `insight.ripples.flags` still sets apart by what it did
(came within seconds of the share and did nothing else; bursts; rings).
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

_AGENT = re.compile(
    rb"bot\b|bot/|robot|spider|crawl|scan|slurp|preview|headless|phantom|selenium|lighthouse|facebookexternalhit|"
    rb"whatsapp|telegram|skype|slack|embedly|outbrain|pinterest|vkshare|w3c_validator|redditbot|bitly|quora|"
    rb"googleimageproxy|google-read-aloud|feedfetcher|mediapartners|yisou|360spider|sogou|bytespider|petalbot|"
    rb"barracuda|proofpoint|mimecast|symantec|trendmicro|forcepoint|safelinks|urldefense|fireeye|zscaler|ms-office|"
    rb"microsoft office|python|curl/|wget|libwww|httpclient|http_client|go-http|java/|okhttp|axios|node|ruby|perl|php|"
    rb"postman|insomnia|httpx|aiohttp|scrapy|guzzle|winhttp|validator|monitor|uptime|pingdom|check",
    re.IGNORECASE,
)
_PREFETCH = (b"purpose", b"x-purpose", b"sec-purpose", b"x-moz")
CODES = 12
SECONDS = 10.0
REMEMBERED = 20_000


def robot(method: str, headers: Mapping[bytes, bytes]) -> str | None:
    """Why this request is none of a person's browser; None where it may be."""
    if method == "HEAD":
        return "head"
    if any(b"prefetch" in headers.get(name, b"").lower() or b"preview" in headers.get(name, b"").lower()
           for name in _PREFETCH):  # fmt: skip
        return "prefetch"
    agent = headers.get(b"user-agent", b"")
    if not agent.strip():
        return "no agent"
    if _AGENT.search(agent):
        return "agent"
    # Every browser says which languages its user reads and what it takes; scripts that borrow a browser's name do not.
    if b"accept-language" not in headers:
        return "no language"
    if b"html" not in headers.get(b"accept", b"") and b"*/*" not in headers.get(b"accept", b""):
        return "takes no page"
    return None


class Crowds:
    """Remembers which codes each address opened lately. A scanner opens every link of every mail that passes through
    it; a person, or even an office behind one address with browsers of one make, does not open CODES different codes
    within SECONDS. Nothing is kept beyond the memory of the process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[str, bytes], tuple[float, set[str]]] = OrderedDict()

    def too_many(self, address: str, agent: bytes, token: str) -> bool:
        """Whether this address with this program has opened too many different codes."""
        now, name = self._clock(), (address, agent[:200])
        since, codes = self._seen.get(name, (now, set()))
        if now - since > SECONDS:
            since, codes = now, set()
        codes.add(token)
        self._seen[name] = since, codes
        self._seen.move_to_end(name)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return len(codes) >= CODES

"""`lianyi simulate`: platforms made up, to try Lianyi without an account."""

from __future__ import annotations

import secrets
import threading
from base64 import b64encode

import click

from lianyi.doors.cli.output import say


@click.group()
def simulate() -> None:
    """Platforms made up, to try Lianyi without an account; below: wecom."""


@simulate.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8790, show_default=True)
@click.option("--callback", default="", help="Address that is called back, http://127.0.0.1:8765/callbacks/NAME.")
@click.option("--token", default="simulated", show_default=True, help="Of the callbacks, as the channel has it.")
@click.option("--aes-key", help="Of the callbacks, 43 letters and digits. Left out: one is made up and said.")
@click.option("--secret", default="simulated-secret", show_default=True, help="Of the app.")
@click.option("--customers", type=click.IntRange(0, 100_000), default=300, show_default=True,
              help="So many changes have happened before it starts.")  # fmt: skip
@click.option("--every", type=click.FloatRange(0.001), default=2.0, show_default=True, help="Seconds between changes.")
@click.option("--lost", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="Chance that one is lost.")
@click.option("--doubled", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="… comes twice.")
@click.option("--late", type=click.FloatRange(0, 1), default=0.2, show_default=True, help="… comes late.")
@click.option("--broken", type=click.Choice(["secret", "corp", "ip", "permission", "range", "domain", "app", "clock"]),
              multiple=True, help="Something is set wrong, to see what a self-check says of it.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True)
def wecom(
    *, host: str, port: int, callback: str, token: str, aes_key: str | None, secret: str, customers: int, every: float,
    lost: float, doubled: float, late: float, broken: tuple[str, ...], seed: int,
) -> None:  # fmt: skip
    """A corporation in WeCom that lives: customers come and go, are tagged, join groups. Ctrl-C ends it.

    It answers as the documentation says (lists, mass messages, error codes, limits) and calls back, signed and
    encrypted; callbacks are lost, doubled and late, as they are. Set up a channel of kind wecom_mass with the settings
    that it prints, then compare: lianyi channels compare NAME.
    """
    import random
    import time

    from lianyi.memory.sources.callbacks.cipher import Cipher
    from lianyi.world.wecom.breaking import BREAKS
    from lianyi.world.wecom.corp import Corp, Unreliable
    from lianyi.world.wecom.server import Caller, Platform, live, serve

    key = aes_key or b64encode(secrets.token_bytes(32)).decode().rstrip("=").replace("+", "A").replace("/", "B")
    corp = Corp(dice=random.Random(seed))  # noqa: S311  a simulation
    began = int(time.time()) - 3600 * 24 * 30
    for number in range(customers):
        corp.happen(began + number * max(1, 3600 * 24 * 29 // max(customers, 1)))
    caller = None
    if callback:
        cipher = Cipher.of(token, key, corp.corp)
        caller = Caller(url=callback, cipher=cipher, dice=random.Random(seed + 1))  # noqa: S311
    platform, known = Platform(corp=corp, secret=secret), corp.corp
    for one in broken:
        BREAKS[one](platform)
    server = serve(platform, host=host, port=port)
    stop = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(f"WeCom, made up, at http://{host}:{server.server_port}; settings of a channel of kind wecom_mass:")
    for line in channel_settings(f"http://{host}:{server.server_port}", known, secret, token, key):
        click.echo(line)
    unreliable = Unreliable(dice=random.Random(seed + 2), lost=lost, doubled=doubled, late=late)  # noqa: S311
    try:
        live(platform, unreliable, caller, every=every, stop=stop, tell=_tell)
    except KeyboardInterrupt:
        say(f"ended with {len(corp.contacts)} contacts and {len(corp.chats)} groups")
    finally:
        stop.set()
        server.shutdown()


def channel_settings(url: str, corp: str, secret: str, token: str, key: str) -> list[str]:
    """NAME=VALUE of a channel of kind wecom_mass that talks with it."""
    return [f"url={url}", f"corp_id={corp}", f"secret={secret}", f"callback_token={token}", f"callback_key={key}"]


def _tell(body: str, arrived: int, failed: int) -> None:
    event = body.partition("<Event>")[2].partition("<")[0]
    change = body.partition("<ChangeType>")[2].partition("<")[0] or event
    how = "" if arrived == 1 else " (lost or late)" if not arrived else f" ({arrived} callbacks)"
    say(f"{change}{how}" + (f"; {failed} not taken" if failed else ""))


COMMANDS = (simulate,)

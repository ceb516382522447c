"""How many decisions a second the gate makes, on one core, over random situations of all kinds.

python benchmarks/policy.py [SITUATIONS]
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.action.policy import situations
from tests.action.policy.test_simulation import as_facts, as_proposed

from lianyi.action.policy import reading
from lianyi.action.policy.deciding import decide


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    chance = random.Random(4)
    policy = reading.read(Path(reading.__file__).with_name("usual.yaml").read_text(encoding="utf-8"))
    made = []
    for _ in range(count):
        now = situations.moment(chance)
        made.append((as_facts(situations.facts(chance, now)), as_proposed(situations.contact(chance, now)), now))
    began = time.process_time()
    for facts, contact, now in made:
        decide(policy, facts, contact, now)
    took = time.process_time() - began
    print(f"usual policy: {count / took:,.0f} decisions per second of one core ({count:,} in {took:.2f} s)")


if __name__ == "__main__":
    main()

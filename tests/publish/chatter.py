"""A node that talks without pause and prints the `mid` of each message once it is stored; to be killed.

Usage: chatter.py URL OUTBOX PAUSE_S
"""

import os
import sys
import time
from pathlib import Path

from records import minute

from monitor.publish.contract.messages import Identity
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings


def main() -> None:
    """Talk until killed."""
    url, outbox, pause_s = sys.argv[1:4]
    publisher = Publisher(MqttSettings(url=url), Identity.begin("park", "gate"), Path(outbox))
    publisher.start()
    for index in range(1_000_000):
        mid = publisher.publish(minute(index))
        os.write(1, f"{mid}\n".encode())
        time.sleep(float(pause_s))


if __name__ == "__main__":
    main()

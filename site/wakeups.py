"""Look for a kernel's messages again and again, instead of waiting to be woken.

The asynchronous sockets that notebooks are executed through now and then miss the wake-up for a message
that has arrived, and see it only when their time is over: one build in some stood still for 120 to 300 s. The
cause is not known; zeromq/pyzmq#2173 describes the same symptom and was closed without a fix. To see whether
this file is still needed, take the calls of `watch` away and build a dozen times: once no build takes much
longer than the others, it can go.
"""

import time
from queue import Empty

from jupyter_client.channels import AsyncZMQSocketChannel

INTERVAL = 0.5  # seconds between two looks


async def get_msg(self, timeout=None):
    deadline = float("inf") if timeout is None else time.monotonic() + timeout
    while True:
        left = max(deadline - time.monotonic(), 0)
        if await self.socket.poll(int(1000 * min(left, INTERVAL))):
            return await self._recv()
        if not left:
            raise Empty


def watch():
    """Make every asynchronous client of this process look twice a second."""
    AsyncZMQSocketChannel.get_msg = get_msg

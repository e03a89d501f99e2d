"""A long way to a server: a relay that hands on every octet after half a round trip."""

import asyncio
import threading

from support.server import free_port


class Delay:
    """Relays TCP to the Server `server`; `at` is where to reach it over a round trip of so many seconds."""

    def __init__(self, server, round_trip):
        self.server = server
        self.one_way = round_trip / 2
        self.address = "127.0.0.1"
        self.port = free_port(self.address)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._relay, self.address, self.port)
        self._listener = self._call(listening)

    @property
    def at(self):
        return f"{self.address}@{self.port}"

    def stop(self):
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _close(self):
        self._listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _relay(self, near, to_near):
        await asyncio.sleep(2 * self.one_way)  # the handshake takes a round trip of its own
        try:
            far, to_far = await asyncio.open_connection(self.server.address, self.server.port)
        except OSError:
            to_near.close()
            return
        await asyncio.gather(self._carry(near, to_far), self._carry(far, to_near))

    async def _carry(self, source, sink):
        """What comes is queued with the time when it is due, so that the order stays and nothing waits twice."""
        queue = asyncio.Queue()

        async def deliver():
            while True:
                due, octets = await queue.get()
                await asyncio.sleep(max(0, due - self._loop.time()))
                if not octets:
                    break
                sink.write(octets)
            sink.close()

        delivery = asyncio.create_task(deliver())
        octets = b"-"
        while octets:
            try:
                octets = await source.read(65536)
            except OSError:
                octets = b""
            queue.put_nowait((self._loop.time() + self.one_way, octets))
        await delivery

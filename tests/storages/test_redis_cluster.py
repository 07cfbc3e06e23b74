"""A Cluster whose slots move and whose servers die: calls follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import asyncio as aioredis
from redis.crc import key_slot
from tests.servers.kinds import on_redis_and_valkey
from tests.servers.redis_cluster import OPTIONS, Cluster, started_cluster
from tests.servers.redis_server import RedisServer, until

from botkeep.errors import OutcomeUnknownError, StorageUnavailableError
from botkeep.storages.redis import RedisStorage
from botkeep.testing.faults import FaultProxy


@pytest.fixture(scope="module")
def cluster(redis_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Cluster for the tests of this file, which move slots about."""
    with started_cluster(tmp_path_factory.mktemp("cluster"), redis_kind) as cluster:
        yield cluster


@pytest.fixture
async def storage(cluster: Cluster) -> AsyncIterator[RedisStorage]:
    cluster.flush()
    client = aioredis.RedisCluster(host="127.0.0.1", port=cluster.nodes[1].port)
    async with RedisStorage(client, timeout=3) as storage:
        yield storage


def owner_of(cluster: Cluster, slot: int) -> RedisServer:
    for first, last, (_, port, *_), *_ in cluster.nodes[0].run("CLUSTER", "SLOTS"):
        if first <= slot <= last:
            return next(node for node in cluster.nodes if node.port == port)
    raise AssertionError(f"nobody has slot {slot}")


class Move:
    """A slot on its way from the server that has it to the next one."""

    def __init__(self, cluster: Cluster, key: str) -> None:
        self.slot = key_slot(key.encode())
        self._cluster = cluster
        self.source = owner_of(cluster, self.slot)
        self.target = cluster.nodes[(cluster.nodes.index(self.source) + 1) % len(cluster.nodes)]

    def begin(self) -> None:
        self.target.run("CLUSTER", "SETSLOT", self.slot, "IMPORTING", self._cluster.name_of(self.source))
        self.source.run("CLUSTER", "SETSLOT", self.slot, "MIGRATING", self._cluster.name_of(self.target))

    def carry(self) -> None:
        """Move the keys that are there now."""
        for key in self.source.run("CLUSTER", "GETKEYSINSLOT", self.slot, 100):
            self.source.run("MIGRATE", "127.0.0.1", self.target.port, key, 0, 1000)

    def finish(self) -> None:
        for node in (self.target, self.source, *self._cluster.nodes):
            node.run("CLUSTER", "SETSLOT", self.slot, "NODE", self._cluster.name_of(self.target))


@on_redis_and_valkey
async def test_calls_spread_over_all_servers(storage: RedisStorage, cluster: Cluster) -> None:
    await asyncio.gather(*(storage.set_state(f"order {number}", number) for number in range(300)))

    assert all(node.run("DBSIZE") > 50 for node in cluster.nodes)
    assert len(await storage.list_keys()) == 300
    assert await storage.clear_namespace() == 300
    assert [node.run("DBSIZE") for node in cluster.nodes] == [0, 0, 0]


@on_redis_and_valkey
async def test_a_slot_that_moved_is_followed(storage: RedisStorage, cluster: Cluster) -> None:
    await storage.increment("count", 5)
    move = Move(cluster, "botkeep::count")
    move.begin()
    move.carry()
    move.finish()
    totals = await asyncio.gather(*(storage.increment("count") for _ in range(20)))

    assert totals == list(range(6, 26))
    assert move.target.run("GET", "botkeep::count") == b"25"


@on_redis_and_valkey
async def test_a_slot_on_its_way_is_asked_for_at_both_ends(storage: RedisStorage, cluster: Cluster) -> None:
    await storage.set_state("order", "stays")
    move = Move(cluster, "botkeep::order")
    move.begin()

    assert await storage.get_state("order") == "stays"
    move.carry()
    assert await storage.get_state("order") == "stays"
    assert await storage.compare_and_set("order", "moved", expected="stays")
    assert await storage.update("order", lambda order: [order]) == ["moved"]
    assert await storage.delete_state("order")
    assert await asyncio.gather(*(storage.increment("order") for _ in range(5))) == [1, 2, 3, 4, 5]
    move.finish()
    assert await storage.increment("order") == 6
    assert move.target.run("GET", "botkeep::order") == b"6"


async def test_slots_that_move_under_load_lose_nothing(storage: RedisStorage, cluster: Cluster) -> None:
    moving = True

    async def work(number: int) -> int:
        rounds = 0
        while moving:
            rounds += 1
            assert await storage.increment(f"count {number}") == rounds
        return rounds

    workers = [asyncio.ensure_future(work(number)) for number in range(10)]
    for number in range(10):
        move = Move(cluster, f"botkeep::count {number}")
        for step in (move.begin, move.carry, move.finish):
            await asyncio.to_thread(step)
    moving = False
    rounds = await asyncio.gather(*workers)

    assert await asyncio.gather(*(storage.increment(f"count {n}", 0) for n in range(10))) == rounds


async def test_a_dead_server_harms_its_own_slots_only_and_is_used_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    with started_cluster(tmp_path) as cluster:
        for node in cluster.nodes:
            node.run("CONFIG", "SET", "cluster-require-full-coverage", "no")
        client = aioredis.RedisCluster(host="127.0.0.1", port=cluster.nodes[0].port)
        async with RedisStorage(client, timeout=1) as storage:
            orders = {
                f"order {number}": cluster.node_of(f"botkeep::order {number}".encode())
                for number in range(60)
            }
            await asyncio.gather(*(storage.set_state(order, 1) for order in orders))
            dead = cluster.nodes[0]
            dead.kill()
            outcomes = await asyncio.gather(*map(storage.get_state, orders), return_exceptions=True)

            for outcome, node in zip(outcomes, orders.values(), strict=True):
                assert isinstance(outcome, StorageUnavailableError) if node is dead else outcome == 1
            assert not await storage.health()
            dead.start()
            for _ in range(200):
                if await storage.health():
                    break
                await asyncio.sleep(0.05)
            await asyncio.gather(*(storage.set_state(order, 2) for order in orders))
            assert set(await asyncio.gather(*map(storage.get_state, orders))) == {2}


async def test_a_replica_that_takes_over_is_followed(tmp_path: Path) -> None:
    (tmp_path / "replica").mkdir()
    replica = RedisServer(tmp_path / "replica", *OPTIONS, "--cluster-replica-validity-factor", "0")
    with started_cluster(tmp_path) as cluster, replica:
        primary = cluster.node_of(b"botkeep::count")
        cluster.follow(replica, primary)
        client = aioredis.RedisCluster(host="127.0.0.1", port=primary.port)
        async with RedisStorage(client, timeout=15) as storage:
            assert await storage.increment("count", 5) == 5
            until(lambda: replica.run("DBSIZE") == 1, "the replica's copy")
            primary.kill()
            totals = await asyncio.gather(*(storage.increment("count") for _ in range(20)))

            assert totals == list(range(6, 26))
            assert replica.run("GET", "botkeep::count") == b"25"


async def test_any_server_of_the_cluster_tells_where_the_others_are(cluster: Cluster) -> None:
    cluster.flush()
    dead = aioredis.cluster.ClusterNode("127.0.0.1", 1)
    alive = aioredis.cluster.ClusterNode("127.0.0.1", cluster.nodes[2].port)
    async with RedisStorage(aioredis.RedisCluster(startup_nodes=[dead, alive])) as storage:
        await asyncio.gather(*(storage.set_state(f"order {number}", number) for number in range(50)))

        assert len(await storage.list_keys()) == 50


async def test_a_cluster_that_nobody_knows_is_unavailable_in_time() -> None:
    storage = RedisStorage(aioredis.RedisCluster(host="127.0.0.1", port=1), timeout=0.3)

    with pytest.raises(StorageUnavailableError, match="map of the Cluster"):
        await storage.get_state("order")
    assert not await storage.health()


@on_redis_and_valkey
async def test_an_answer_to_asking_is_not_taken_for_the_answer_to_the_write(
    cluster: Cluster, storage: RedisStorage
) -> None:
    await storage.set_state("elsewhere", 1)
    move = Move(cluster, "botkeep::asked")
    move.begin()
    async with FaultProxy("127.0.0.1", move.target.port) as proxy:
        target = move.target.port
        client = aioredis.RedisCluster(
            host="127.0.0.1",
            port=cluster.nodes[0].port,
            address_remap=lambda place: ("127.0.0.1", proxy.port if place[1] == target else place[1]),
        )
        async with RedisStorage(client, timeout=3) as behind:
            # Its connection to the target is there before the replies are cut.
            assert await behind.increment("asked") == 1
            proxy.replies.cut(after=len("+OK\r\n"))

            with pytest.raises(OutcomeUnknownError):
                await behind.set_state("asked", 5)
            proxy.replies.heal()
    move.carry()
    move.finish()

"""The SQL broker keeps the bus contract on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from src.core.bus import Broker
from src.database.uow import Database
from src.services.brokers.sql import SqlBroker

from .broker_contract import BrokerContract


class TestSqlBroker(BrokerContract):
    @pytest.fixture
    def broker(self, database: Database) -> Broker:
        return SqlBroker(database)

    @pytest.fixture
    def reopened(self, database: Database) -> Callable[[], Broker]:
        return lambda: SqlBroker(database)

"""The examples of the documentation that need a server, run beside a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.cli.connection import administrator_id
from src.cli.service import Service
from src.cli.tokens import local_token
from tests.support.application import ADMIN_PASSWORD, make_settings, running
from tests.support.doc_examples import Example, examples_that_need
from tests.support.programs import find_program

EXAMPLES = [*examples_that_need("server"), *examples_that_need("server", "curl")]


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which a reader of the documentation has Stoa running."""
    settings = make_settings(tmp_path_factory.mktemp("examples") / "data")
    with running(settings) as application:
        service = Service(application, host="127.0.0.1", port=0)
        service.start()
        try:
            yield {
                "STOA_URL": service.url,
                "STOA_TOKEN": local_token(settings.data_dir, administrator_id(application)),
                "STOA_ADMIN_PASSWORD": ADMIN_PASSWORD,
                "STOA_DATA_DIR": str(settings.data_dir),
            }
        finally:
            service.stop()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_beside_a_server_works_as_it_stands(
    example: Example, surroundings: dict[str, str]
) -> None:
    if "curl" in example.needs and find_program("curl") is None:
        pytest.skip("the example calls curl, which is not here")
    outcome = example.run(surroundings)
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}"

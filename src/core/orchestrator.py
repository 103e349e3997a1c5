"""The AgentOrchestrator: the capability map, and the one way in which a request reaches an agent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from .agent import Agent, Handles
from .caller import Caller
from .clock import Clock
from .context import Context, _ignore, new_correlation
from .errors import WiringError
from .messages.base import Message, Request

R = TypeVar("R")


@dataclass(frozen=True)
class Route:
    """One entry of the capability map."""

    request: type[Request[Any]]
    agent: Agent
    call: Callable[[Any, Context], Any]

    @property
    def capability(self) -> str:
        return self.request.capability


class Middleware(Protocol):
    """Wraps every request: does its part and calls ``call_next``, or raises."""

    def __call__(
        self,
        call_next: Callable[[Request[Any], Context], Any],
        request: Request[Any],
        ctx: Context,
        route: Route,
    ) -> Any: ...


class AgentOrchestrator:
    """Routes requests to agents by type inside and by capability name at the edges.

    Raises WiringError when two agents claim one request or capability, or when one of
    ``requests`` has no agent.
    """

    def __init__(
        self,
        agents: Sequence[Agent],
        requests: Collection[type[Request[Any]]],
        middleware: Sequence[Middleware],
        clock: Clock,
    ) -> None:
        self.agents = tuple(agents)
        self._clock = clock
        self._middleware = tuple(middleware)
        self._routes = _map_capabilities(self.agents, requests)

    @property
    def routes(self) -> tuple[Route, ...]:
        """The capability map, ordered by capability."""
        return tuple(sorted(self._routes.values(), key=lambda route: route.capability))

    def context(
        self,
        caller: Caller,
        *,
        correlation_id: str | None = None,
        causation_id: str | None = None,
        emit: Callable[[Message], None] | None = None,
    ) -> Context:
        """The context of a new piece of work for ``caller``."""
        return Context(
            caller=caller,
            clock=self._clock,
            orchestrator=self,
            correlation_id=correlation_id or new_correlation(),
            causation_id=causation_id,
            emit=emit or _ignore,
        )

    def ask(self, request: Request[R], ctx: Context) -> R:
        """Have the request handled; returns the reply or raises what the handler raised."""
        try:
            route = self._routes[type(request)]
        except KeyError:
            raise WiringError(f"no agent handles {type(request).__name__}") from None

        def call(position: int, request: Request[Any], ctx: Context) -> Any:
            if position == len(self._middleware):
                return route.call(request, ctx)
            return self._middleware[position](
                lambda inner, inner_ctx: call(position + 1, inner, inner_ctx), request, ctx, route
            )

        return cast(R, call(0, request, ctx))


def _map_capabilities(
    agents: Sequence[Agent], requests: Collection[type[Request[Any]]]
) -> dict[type[Request[Any]], Route]:
    routes: dict[type[Request[Any]], Route] = {}
    owners: dict[str, str] = {}
    names = [agent.name for agent in agents]
    for name in names:
        if names.count(name) > 1:
            raise WiringError(f"two agents are named {name}")
    for agent in agents:
        for attribute, declaration in agent.declarations.items():
            if not isinstance(declaration, Handles):
                continue
            request = declaration.request
            if request.capability in owners:
                raise WiringError(
                    f"{owners[request.capability]} and {agent.name} both claim {request.capability}"
                )
            owners[request.capability] = agent.name
            routes[request] = Route(request, agent, getattr(agent, attribute))
    missing = sorted(request.__name__ for request in requests if request not in routes)
    if missing:
        raise WiringError(f"no agent handles {', '.join(missing)}")
    return routes

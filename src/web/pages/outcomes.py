"""How an action ends: the page shows it where it was done, with scripts or without."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from src.web.auth import SIGN_IN_PATH
from src.web.problems import HTTP_CODES, Problem


def by_script() -> bool:
    """Whether a script of the page asks, and takes a part of a page instead of a whole one."""
    return "HX-Request" in request.headers


def done(message: str, *, to: str, refresh: tuple[str, ...] = (), tone: str = "good") -> Response:
    """The action is done: say ``message``, and have the parts of the page named by ``refresh`` fetched
    again. Without scripts the reader is sent to ``to``."""
    if by_script():
        told = {"toast": {"text": message, "tone": tone}, **dict.fromkeys(refresh, "")}
        return Response(status=204, headers={"HX-Trigger": json.dumps(told)})
    flash(message, tone)
    return make_response(redirect(to, code=303))


def moved(to: str, message: str | None = None) -> Response:
    """The action is done and what was looked at is elsewhere now."""
    if message:
        flash(message, "good")
    if by_script():
        return Response(status=204, headers={"HX-Redirect": to})
    return make_response(redirect(to, code=303))


def error_page(problem: Problem) -> Response:
    """A failure as a part of the page that a script asked from, or as a page of its own."""
    if problem.code == "unauthenticated" and not current_user.is_authenticated:
        target = url_for(
            "login.show", next=request.full_path.rstrip("?") if request.method == "GET" else None
        )
        if by_script():
            return Response(status=401, headers={"HX-Redirect": SIGN_IN_PATH})
        return make_response(redirect(target, code=303))
    template = "problem.html" if by_script() else "error.html"
    body = render_template(template, problem=_for_people(problem), back=came_from())
    return make_response(body, problem.status)


def _for_people(problem: Problem) -> Problem:
    words = {
        404: "This page does not exist, or you may not see it.",
        405: "This address cannot be opened by itself.",
        413: "That is more than this server takes at once. Send fewer or smaller files.",
    }
    if "CSRF" in problem.detail:
        detail = "Your session ended while this page was open. Go back, reload the page and try again."
        return problem.model_copy(update={"title": "The form has expired", "detail": detail})
    if problem.status in words and problem.detail == HTTP_CODES[problem.status][1]:
        return problem.model_copy(update={"detail": words[problem.status]})
    return problem


def came_from() -> str | None:
    """The page of this site that the request was made from."""
    try:
        referrer = urlsplit(request.referrer or "")
    except ValueError:  # whatever a client calls its referrer
        return None
    if not referrer.netloc or referrer.netloc != request.host:
        return None
    if request.method == "GET" and referrer.path == request.path:
        return None
    return referrer._replace(scheme="", netloc="").geturl()

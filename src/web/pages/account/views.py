"""The reader's own account, and for administrators everyone's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from src.core.errors import AppError, FieldProblem, InvalidRequestError
from src.core.messages.accounts import (
    ChangePassword,
    CreatePersonalToken,
    CreateUser,
    DeleteUser,
    ListPersonalTokens,
    ListUsers,
    PersonalToken,
    RevokePersonalToken,
    UpdateUser,
)
from src.core.messages.base import Request
from src.web.auth import begin_anew
from src.web.pages.forms import field_errors, message, words
from src.web.pages.gate import signed_in_only
from src.web.pages.outcomes import moved
from src.web.problems import problem_of
from src.web.state import ask, caller, correlation_id

blueprint = Blueprint(
    "account",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/account",
)
signed_in_only(blueprint)


@blueprint.get("/account")
def index() -> str:
    """The password, tokens, and the users for administrators."""
    return _page()


@blueprint.post("/account/tokens")
def create_token() -> Response:
    """Make a token; this page is the only one that shows it."""
    try:
        request_ = message(
            CreatePersonalToken,
            name=request.form.get("name"),
            expires_in_days=request.form.get("expires_in_days"),
        )
        made = ask(request_)
    except AppError as error:
        return _refused(error, "token")
    return make_response(_page(made=made))


@blueprint.post("/account/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> Response:
    """Make a token useless."""
    return _do(message(RevokePersonalToken, token_id=token_id), "The token was revoked.")


@blueprint.post("/account/password")
def change_password() -> Response:
    """Change one's own password; this session goes on, all others end."""
    new = request.form.get("new_password")
    try:
        if request.form.get("repeated_password") != new:
            differs = "This is not what stands above; type the new password twice."
            raise InvalidRequestError(differs, fields=(FieldProblem("repeated_password", differs),))
        ask(
            message(
                ChangePassword,
                current_password=request.form.get("current_password"),
                new_password=new,
            )
        )
    except AppError as error:
        return _refused(error, "password")
    begin_anew()
    return moved(url_for("account.index"), "Your password was changed. Your other sessions have ended.")


@blueprint.post("/account/users")
def create_user() -> Response:
    """Make a user who can sign in at once."""
    try:
        made = ask(
            message(
                CreateUser,
                username=request.form.get("username"),
                password=request.form.get("password"),
                roles=words(request.form.get("roles", "")) or (),
            )
        )
    except AppError as error:
        return _refused(error, "user")
    return moved(url_for("account.index"), f"{made.username} can sign in now.")


@blueprint.post("/account/users/<user_id>/password")
def set_password(user_id: str) -> Response:
    """Give a user another password."""
    new = message(UpdateUser, user_id=user_id, password=request.form.get("password"))
    return _do(new, "The password was changed.")


@blueprint.post("/account/users/<user_id>/disabled")
def set_disabled(user_id: str) -> Response:
    """Switch an account off or on."""
    off = request.form.get("disabled") == "1"
    return _do(
        UpdateUser(user_id=user_id, disabled=off), "The account was switched " + ("off." if off else "on.")
    )


@blueprint.post("/account/users/<user_id>/delete")
def delete_user(user_id: str) -> Response:
    """Delete a user with all that they asked and rated."""
    return _do(
        message(DeleteUser, user_id=user_id),
        "The user was deleted. The next training run is made without their votes.",
    )


def _do(request_: Request[Any], words_: str) -> Response:
    ask(request_)
    return moved(url_for("account.index"), words_)


def _refused(error: AppError, form: str) -> Response:
    if error.status >= 500:
        raise error
    return make_response(_page(error=error, failed_form=form), error.status)


def _page(
    made: PersonalToken | None = None, error: AppError | None = None, failed_form: str | None = None
) -> str:
    return render_template(
        "account/index.html",
        active="account",
        tokens=ask(ListPersonalTokens()).items,
        users=ask(ListUsers(limit=500)).items if caller().administers else None,
        made=made,
        problem=problem_of(error, correlation_id()) if error else None,
        errors=field_errors(error) if error else {},
        failed_form=failed_form,
        form=request.form,
    )

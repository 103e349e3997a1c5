"""Users, sign-in and personal API tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr

from .base import Access, Event, Id, Page, Reply, Request, Text
from .lists import Cursor, Limit


def _known_spelling(role: str) -> str:
    return "admin" if role == "administrator" else role


Username = Annotated[Text, Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f/]+$")]
Password = Annotated[SecretStr, Field(min_length=8, max_length=256)]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$"), AfterValidator(_known_spelling)]
"""`admin` may do everything, `reader` only reads and asks, any other role may also make collections."""


class User(Reply):
    """A person who may sign in."""

    id: str
    username: str
    roles: tuple[str, ...]
    created_at: datetime
    disabled: bool = False


class Token(Reply):
    """A bearer token for the API."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme, not a secret
    expires_in: int


class SignIn(Request[User]):
    """Check a username and password."""

    capability: ClassVar[str] = "account.sign_in"
    access: ClassVar[Access] = Access.anyone()
    username: Text = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=1000)
    address: Text = Field("", max_length=100)


class IssueToken(Request[Token]):
    """Exchange a username and password for a bearer token."""

    capability: ClassVar[str] = "account.issue_token"
    access: ClassVar[Access] = Access.anyone()
    username: Text = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=1000)


class Authenticate(Request[User]):
    """Find the user of a bearer token (a JWT or a personal `stoa_` token)."""

    capability: ClassVar[str] = "account.authenticate"
    recorded: ClassVar[bool] = False
    access: ClassVar[Access] = Access.anyone()
    token: SecretStr = Field(max_length=4000)


class FindUser(Request[User]):
    """Find an enabled user by id, for a page session begun at ``since``: a new password ends it."""

    capability: ClassVar[str] = "account.find"
    recorded: ClassVar[bool] = False
    access: ClassVar[Access] = Access.anyone()
    user_id: Id
    since: AwareDatetime


class GetMe(Request[User]):
    """The user who asks."""

    capability: ClassVar[str] = "account.me"
    access: ClassVar[Access] = Access.signed_in()


class ChangePassword(Request[None]):
    """Change one's own password. It ends the page sessions and the bearer tokens of the old one; personal
    tokens stay. A wrong current password counts as a failed sign-in: from the sixth on each costs a pause."""

    capability: ClassVar[str] = "account.change_password"
    access: ClassVar[Access] = Access.signed_in()
    current_password: SecretStr = Field(max_length=1000)
    new_password: Password


class CreateUser(Request[User]):
    """Make a user who can sign in at once."""

    capability: ClassVar[str] = "user.create"
    access: ClassVar[Access] = Access.administer()
    username: Username
    password: Password
    roles: tuple[Role, ...] = Field((), max_length=20)


class ListUsers(Request[Page[User]]):
    """All users, the oldest account first."""

    capability: ClassVar[str] = "user.list"
    access: ClassVar[Access] = Access.administer()
    limit: Limit = 100
    cursor: Cursor = None


class UpdateUser(Request[User]):
    """Change a user's password or roles, or switch the account off and on."""

    capability: ClassVar[str] = "user.update"
    access: ClassVar[Access] = Access.administer()
    user_id: Id
    password: Password | None = None
    roles: tuple[Role, ...] | None = Field(None, max_length=20)
    disabled: bool | None = None


class DeleteUser(Request[None]):
    """Delete a user with their conversations, searches, ratings, signals and tokens. What rankings remember
    of their votes is forgotten at once, and the next training run is made without them. Collections that
    they own stay, for administrators."""

    capability: ClassVar[str] = "user.delete"
    access: ClassVar[Access] = Access.administer()
    user_id: Id


class PersonalToken(Reply):
    """A personal API token; ``token`` is shown once, when it is made."""

    id: str
    name: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    token: str | None = None


class CreatePersonalToken(Request[PersonalToken]):
    """Make a personal API token (prefix `stoa_`); its text is in this reply only."""

    capability: ClassVar[str] = "token.create"
    access: ClassVar[Access] = Access.signed_in()
    name: Text = Field(min_length=1, max_length=100)
    expires_in_days: int | None = Field(None, ge=1, le=3650)


class ListPersonalTokens(Request[Page[PersonalToken]]):
    """The caller's own personal tokens."""

    capability: ClassVar[str] = "token.list"
    access: ClassVar[Access] = Access.signed_in()


class RevokePersonalToken(Request[None]):
    """Make one of the caller's own tokens useless at once."""

    capability: ClassVar[str] = "token.revoke"
    access: ClassVar[Access] = Access.signed_in()
    token_id: Id


class UserDeleted(Event):
    """A user is gone with all that they said. ``collection_ids`` are those on whose passages they voted."""

    topic: ClassVar[str] = "user.deleted.v1"
    user_id: str
    collection_ids: tuple[str, ...]


class UserCreated(Event):
    """A user can sign in now."""

    topic: ClassVar[str] = "user.created.v1"
    user_id: str
    username: str

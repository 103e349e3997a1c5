"""Users, sign-in and tokens."""

from __future__ import annotations

import secrets
from datetime import timedelta

from pydantic import SecretStr

from src.core.agent import Agent, handles
from src.core.caller import ADMIN
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import (
    ConflictError,
    FieldProblem,
    InvalidRequestError,
    NotFoundError,
    UnauthenticatedError,
)
from src.core.messages import Page
from src.core.messages.accounts import (
    Authenticate,
    ChangePassword,
    CreatePersonalToken,
    CreateUser,
    DeleteUser,
    FindUser,
    GetMe,
    IssueToken,
    ListPersonalTokens,
    ListUsers,
    PersonalToken,
    RevokePersonalToken,
    SignIn,
    Token,
    UpdateUser,
    User,
    UserCreated,
    UserDeleted,
)
from src.database.models import PersonalTokenRecord, UserRecord
from src.database.repositories.accounts import name_key
from src.database.repositories.forgetting import remove_user
from src.database.uow import Database, UnitOfWork

from .guarded import GuardedPasswords
from .passwords import Passwords
from .tokens import PERSONAL_PREFIX, JwtSigner, digest, new_personal_token

USED_EVERY_S = 60.0


class AccountsAgent(Agent):
    """Knows the users: checks passwords and tokens, and lets administrators manage accounts."""

    name = "accounts"

    def __init__(
        self, database: Database, passwords: Passwords, signer: JwtSigner, *, token_lifetime_s: int
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._guarded = GuardedPasswords(database, passwords)
        self._signer = signer
        self._token_lifetime_s = token_lifetime_s

    @handles(SignIn)
    def sign_in(self, request: SignIn, ctx: Context) -> User:
        return self._signed_in(request.username, request.password, ctx)

    @handles(IssueToken)
    def issue_token(self, request: IssueToken, ctx: Context) -> Token:
        user = self._signed_in(request.username, request.password, ctx)
        token = self._signer.sign(user.id, self._token_lifetime_s)
        return Token(access_token=token, expires_in=self._token_lifetime_s)

    @handles(Authenticate)
    def authenticate(self, request: Authenticate, ctx: Context) -> User:
        token = request.token.get_secret_value()
        if token.startswith(PERSONAL_PREFIX):
            return self._of_personal_token(token, ctx)
        user_id, issued_at = self._signer.user_of(token)
        with self._database.read() as work:
            record = work.users.find(user_id)
            # A new password ends the tokens of the old one.
            if record is None or record.password_set_at.timestamp() > issued_at:
                raise UnauthenticatedError("The token is no longer valid; ask for a new one.")
            return _enabled(record)

    @handles(FindUser)
    def find_user(self, request: FindUser, ctx: Context) -> User:
        with self._database.read() as work:
            record = work.users.find(request.user_id)
            if record is None:
                raise UnauthenticatedError("The account no longer exists.")
            if record.password_set_at > request.since:
                raise UnauthenticatedError("The password was changed; sign in again.")
            return _enabled(record)

    @handles(GetMe)
    def me(self, request: GetMe, ctx: Context) -> User:
        with self._database.read() as work:
            return _user(work.users.get(_own_id(ctx)))

    @handles(ChangePassword)
    def change_password(self, request: ChangePassword, ctx: Context) -> None:
        with self._database.read() as work:
            username = work.users.get(_own_id(ctx)).username
        # A wrong one costs what it costs at the sign-in: a session left open is no way round the pause.
        known = self._guarded.check(username, request.current_password.get_secret_value(), ctx)
        if known is None:
            raise InvalidRequestError(
                "The current password is wrong; nothing was changed.",
                fields=(FieldProblem("current_password", "This is not your current password"),),
            )
        hashed = self._passwords.hash(request.new_password.get_secret_value())
        with self._database.begin(ctx) as work:
            record = work.users.get(known.id)
            if record.password_set_at != known.password_set_at:
                raise ConflictError("The password was changed by somebody else meanwhile; sign in again.")
            record.password_hash, record.password_set_at = hashed, work.now()
            work.commit()

    @handles(CreateUser)
    def create_user(self, request: CreateUser, ctx: Context) -> User:
        hashed = self._passwords.hash(request.password.get_secret_value())
        with self._database.begin(ctx) as work:
            user = add_user(work, request.username, hashed, request.roles)
            work.commit()
            return user

    @handles(ListUsers)
    def list_users(self, request: ListUsers, ctx: Context) -> Page[User]:
        with self._database.read() as work:
            records, cursor = work.users.page(limit=request.limit, cursor=request.cursor)
            return Page[User](items=tuple(_user(record) for record in records), next=cursor)

    @handles(UpdateUser)
    def update_user(self, request: UpdateUser, ctx: Context) -> User:
        hashed = (
            self._passwords.hash(request.password.get_secret_value())
            if request.password is not None
            else None
        )
        with self._database.begin(ctx) as work:
            if request.disabled or (request.roles is not None and ADMIN not in request.roles):
                if request.user_id == ctx.caller.user_id:
                    raise ConflictError("Only another administrator can take your own rights away.")
                _keep_one(work.users.hold_administrators(), request.user_id)
            record = work.users.get(request.user_id)
            if hashed is not None:
                record.password_hash, record.password_set_at = hashed, work.now()
            if request.roles is not None:
                record.roles = list(request.roles)
            if request.disabled is not None:
                record.disabled_at = work.now() if request.disabled else None
            work.commit()
            return _user(record)

    @handles(DeleteUser)
    def delete_user(self, request: DeleteUser, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            administrators = work.users.hold_administrators()
            record = work.users.get(request.user_id)
            if record.id == ctx.caller.user_id:
                raise ConflictError("You cannot delete your own account; ask another administrator.")
            _keep_one(administrators, record.id)
            voted_in = remove_user(work.session, record)
            work.publish(UserDeleted(user_id=record.id, collection_ids=voted_in))
            work.commit()

    @handles(CreatePersonalToken)
    def create_token(self, request: CreatePersonalToken, ctx: Context) -> PersonalToken:
        owner, text = _own_id(ctx), new_personal_token()
        with self._database.begin(ctx) as work:
            now = work.now()
            expires = timedelta(days=request.expires_in_days) if request.expires_in_days else None
            record = PersonalTokenRecord(
                id=new_id(),
                user_id=owner,
                name=request.name,
                digest=digest(text),
                created_at=now,
                expires_at=now + expires if expires else None,
            )
            work.personal_tokens.add(record)
            work.commit()
            return _token(record).model_copy(update={"token": text})

    @handles(ListPersonalTokens)
    def list_tokens(self, request: ListPersonalTokens, ctx: Context) -> Page[PersonalToken]:
        with self._database.read() as work:
            records = work.personal_tokens.of(ctx.caller.user_id or "")
            return Page[PersonalToken](items=tuple(_token(record) for record in records))

    @handles(RevokePersonalToken)
    def revoke_token(self, request: RevokePersonalToken, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            record = work.personal_tokens.find(request.token_id)
            if record is None or record.user_id != ctx.caller.user_id:
                raise NotFoundError(f"There is no token {request.token_id}.")
            work.personal_tokens.delete(record)
            work.commit()

    def _signed_in(self, username: str, password: SecretStr, ctx: Context) -> User:
        record = self._guarded.check(username, password.get_secret_value(), ctx)
        if record is None:
            raise UnauthenticatedError("The username or the password is wrong.")
        return _user(record)

    def _of_personal_token(self, token: str, ctx: Context) -> User:
        now = ctx.clock.now()
        with self._database.read() as work:
            record = work.personal_tokens.by_digest(digest(token))
            if record is None or (record.expires_at is not None and record.expires_at <= now):
                raise UnauthenticatedError("The token is not valid, was revoked or has expired.")
            user = _enabled(work.users.get(record.user_id))
        if record.last_used_at is None or (now - record.last_used_at).total_seconds() > USED_EVERY_S:
            with self._database.begin(ctx, relaxed=True) as writing:
                used = writing.personal_tokens.find(record.id)
                if used is not None:
                    used.last_used_at = now
                writing.commit()
        return user


def ensure_admin(database: Database, passwords: Passwords, wanted: str | None) -> str | None:
    """Make the first administrator where there are no users; returns a password that was generated."""
    with database.read() as work:
        if work.users.count():
            return None
    password = wanted or secrets.token_urlsafe(12)
    hashed = passwords.hash(password)
    with database.begin() as work:
        if work.users.count():
            return None
        add_user(work, "admin", hashed, (ADMIN,))
        work.commit()
    return None if wanted else password


def add_user(work: UnitOfWork, username: str, hashed: str, roles: tuple[str, ...]) -> User:
    """Add a user; raises ConflictError where the name is taken."""
    if work.users.by_name(username) is not None:
        raise ConflictError(f"There is a user named {username} already.")
    now = work.now()
    record = UserRecord(
        id=new_id(),
        username=username,
        name_key=name_key(username),
        password_hash=hashed,
        password_set_at=now,
        roles=list(roles),
        created_at=now,
    )
    work.users.add(record)
    work.publish(UserCreated(user_id=record.id, username=username))
    return _user(record)


def _own_id(ctx: Context) -> str:
    if ctx.caller.user_id is None:
        raise NotFoundError("Stoa's own agents have no account.")
    return ctx.caller.user_id


def _keep_one(administrators: set[str], user_id: str) -> None:
    if administrators == {user_id}:
        raise ConflictError("This is the only administrator; make another one first.")


def _enabled(record: UserRecord) -> User:
    if record.disabled_at is not None:
        raise UnauthenticatedError("The account is switched off.")
    return _user(record)


def _user(record: UserRecord) -> User:
    return User(
        id=record.id,
        username=record.username,
        roles=tuple(record.roles),
        created_at=record.created_at,
        disabled=record.disabled_at is not None,
    )


def _token(record: PersonalTokenRecord) -> PersonalToken:
    return PersonalToken(
        id=record.id,
        name=record.name,
        created_at=record.created_at,
        expires_at=record.expires_at,
        last_used_at=record.last_used_at,
    )

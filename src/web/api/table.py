"""Version 1 of the API: every call, the message it makes and how it answers."""

from __future__ import annotations

from src.core.messages import (
    accounts,
    alerts,
    collections,
    console,
    documents,
    feedback,
    indexes,
    insights,
    jobs,
    questions,
    sources,
)
from src.core.messages.console import Steering
from src.web.problems import Problem

from .learning import LEARNING
from .operation import Body, Operation

PREFIX = "/api/v1"

_ASK = {"question": "How are temporary files made safely?", "k": 8}

ACCOUNTS = (
    Operation(
        "POST",
        "/auth/token",
        accounts.IssueToken,
        "accounts",
        example={"username": "admin", "password": "correct horse battery staple"},
    ),
    Operation("GET", "/me", accounts.GetMe, "accounts"),
    Operation(
        "PUT",
        "/me/password",
        accounts.ChangePassword,
        "accounts",
        204,
        example={"current_password": "a long password", "new_password": "another long password"},
    ),
    Operation("GET", "/tokens", accounts.ListPersonalTokens, "accounts"),
    Operation("POST", "/tokens", accounts.CreatePersonalToken, "accounts", 201, example={"name": "laptop"}),
    Operation("DELETE", "/tokens/{token_id}", accounts.RevokePersonalToken, "accounts", 204),
    Operation("GET", "/users", accounts.ListUsers, "accounts"),
    Operation(
        "POST",
        "/users",
        accounts.CreateUser,
        "accounts",
        201,
        example={"username": "ada", "password": "a long password", "roles": ["reader"]},
    ),
    Operation("PATCH", "/users/{user_id}", accounts.UpdateUser, "accounts", example={"disabled": True}),
    Operation("DELETE", "/users/{user_id}", accounts.DeleteUser, "accounts", 204),
)

COLLECTIONS = (
    Operation("GET", "/collections", collections.ListCollections, "collections"),
    Operation(
        "POST",
        "/collections",
        collections.CreateCollection,
        "collections",
        201,
        example={"name": "Handbook", "description": "How we work"},
    ),
    Operation("GET", "/collections/{collection_id}", collections.GetCollection, "collections"),
    Operation("PATCH", "/collections/{collection_id}", collections.UpdateCollection, "collections"),
    Operation("DELETE", "/collections/{collection_id}", collections.DeleteCollection, "collections", 204),
    Operation("GET", "/collections/{collection_id}/members", collections.ListMembers, "collections"),
    Operation(
        "PUT",
        "/collections/{collection_id}/members/{username}",
        collections.SetMember,
        "collections",
        example={"may_write": True},
    ),
    Operation(
        "DELETE",
        "/collections/{collection_id}/members/{username}",
        collections.RemoveMember,
        "collections",
        204,
    ),
)

DOCUMENTS = (
    Operation("GET", "/collections/{collection_id}/documents", documents.ListDocuments, "documents"),
    Operation(
        "POST",
        "/collections/{collection_id}/documents",
        documents.AddDocuments,
        "documents",
        202,
        body=Body.FILES,
    ),
    Operation(
        "POST",
        "/collections/{collection_id}/documents:import",
        documents.ImportDocuments,
        "documents",
        202,
        body=Body.NDJSON,
    ),
    Operation(
        "POST",
        "/collections/{collection_id}/documents:retry-failed",
        documents.RetryFailedDocuments,
        "documents",
        202,
    ),
    Operation("GET", "/documents/{document_id}", documents.GetDocument, "documents"),
    Operation("GET", "/documents/{document_id}/passages", documents.ListPassages, "documents"),
    Operation("GET", "/documents/{document_id}/text", documents.ReadDocument, "documents"),
    Operation("POST", "/documents/{document_id}:retry", documents.RetryDocument, "documents", 202),
    Operation("DELETE", "/documents/{document_id}", documents.DeleteDocument, "documents", 204),
)

SOURCES = (
    Operation("GET", "/collections/{collection_id}/sources", sources.ListSources, "sources"),
    Operation(
        "POST",
        "/collections/{collection_id}/sources",
        sources.AddSource,
        "sources",
        202,
        example={"kind": "git", "location": "https://example.org/team/project.git", "schedule": "1h"},
    ),
    Operation("GET", "/sources/{source_id}", sources.GetSource, "sources"),
    Operation("GET", "/sources/{source_id}/skipped", sources.ListSkipped, "sources"),
    Operation("POST", "/sources/{source_id}:sync", sources.SyncSource, "sources", 202),
    Operation("DELETE", "/sources/{source_id}", sources.DeleteSource, "sources", 204),
)

JOBS = (
    Operation("GET", "/jobs", jobs.ListJobs, "jobs"),
    Operation("GET", "/jobs/{job_id}", jobs.GetJob, "jobs"),
    Operation(
        "GET", "/jobs/{job_id}:stream", jobs.GetJob, "jobs", name="job.stream", parts={"progress": jobs.Job}
    ),
    Operation("POST", "/jobs/{job_id}:cancel", jobs.CancelJob, "jobs"),
)

QUESTIONS = (
    Operation("POST", "/search", questions.Search, "questions", example={"query": "temporary file", "k": 10}),
    Operation("POST", "/ask", questions.AskQuestion, "questions", example=_ASK),
    Operation(
        "POST",
        "/ask:stream",
        questions.AskQuestion,
        "questions",
        name="question.answer_stream",
        example=_ASK,
        parts={
            "retrieved": questions.Retrieved,
            "delta": questions.AnswerDelta,
            "citation": questions.Citation,
            "done": questions.Answer,
            "error": Problem,
        },
    ),
    Operation("GET", "/answers", questions.ListAnswers, "questions"),
    Operation("GET", "/answers/{answer_id}", questions.GetAnswer, "questions"),
)

FEEDBACK = (
    Operation(
        "POST",
        "/answers/{answer_id}/feedback",
        feedback.RateAnswer,
        "feedback",
        example={"verdict": "down", "reasons": ["wrong_passages"], "comment": "This is about version 1."},
    ),
    Operation("GET", "/answers/{answer_id}/feedback", feedback.AnswerRatings, "feedback"),
    Operation("DELETE", "/answers/{answer_id}/feedback", feedback.UnrateAnswer, "feedback", 204),
    Operation(
        "POST",
        "/answers/{answer_id}/citations/{marker}/feedback",
        feedback.RateCitation,
        "feedback",
        example={"verdict": "up"},
    ),
    Operation(
        "DELETE",
        "/answers/{answer_id}/citations/{marker}/feedback",
        feedback.UnrateCitation,
        "feedback",
        204,
    ),
    Operation(
        "POST",
        "/search-hits/feedback",
        feedback.RateHit,
        "feedback",
        example={"query_id": "01a1", "passage_id": "01a2", "verdict": "up"},
    ),
    Operation("DELETE", "/search-hits/feedback", feedback.UnrateHit, "feedback", 204),
    Operation("GET", "/feedback", feedback.ListFeedback, "feedback", lines=True),
    Operation("GET", "/me/ratings", insights.RatingOutcomes, "feedback"),
    Operation(
        "POST",
        "/feedback:review",
        feedback.ReviewRatings,
        "feedback",
        example={"rating_ids": ["01a3"], "decision": "release"},
    ),
    Operation(
        "POST",
        "/signals",
        feedback.NoteSignal,
        "feedback",
        204,
        example={"kind": "copied", "query_id": "01a1", "answer_id": "01a4"},
    ),
)

CONSOLE = (
    Operation("GET", "/capabilities", console.ListCapabilities, "console"),
    Operation("GET", "/agents", console.ListAgents, "console"),
    *(
        Operation(
            "POST",
            f"/agents/{{name}}:{steering.value}",
            console.SteerAgent,
            "console",
            fixed={"steering": steering.value},
            name=f"agent.{steering.value}",
        )
        for steering in Steering
    ),
    Operation("GET", "/events", console.ListEvents, "console"),
    Operation(
        "GET",
        "/events:stream",
        console.ListEvents,
        "console",
        hidden=frozenset({"correlation_id", "limit", "cursor"}),
        name="event.stream",
        parts={"message": console.LoggedEvent},
    ),
    Operation("GET", "/dead-letters", console.ListDeadLetters, "console"),
    Operation("POST", "/dead-letters/{dead_letter_id}:replay", console.ReplayDeadLetter, "console"),
    Operation("DELETE", "/dead-letters/{dead_letter_id}", console.DiscardDeadLetter, "console", 204),
    Operation("GET", "/activities", console.ListActivities, "console"),
    Operation("GET", "/metrics", console.ReadMetrics, "console"),
    Operation("GET", "/alerts", alerts.ListAlerts, "console"),
    Operation("GET", "/errors", alerts.ListErrors, "console"),
    Operation("POST", "/indexes:check", indexes.CheckIndexes, "console"),
    Operation("POST", "/indexes:rebuild", indexes.RebuildIndexes, "console", 202),
    Operation("GET", "/collections/{collection_id}/indexes", indexes.ListIndexVersions, "console"),
    Operation("GET", "/collections/{collection_id}/uncut", indexes.ListUncutDocuments, "console"),
    Operation("POST", "/collections/{collection_id}/indexes:return", indexes.ReturnIndex, "console"),
)

OPERATIONS = (
    *ACCOUNTS,
    *COLLECTIONS,
    *DOCUMENTS,
    *SOURCES,
    *JOBS,
    *QUESTIONS,
    *FEEDBACK,
    *LEARNING,
    *CONSOLE,
)

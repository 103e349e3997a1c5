"""The calls of version 1 that are about learning: what is trained on what, models, and the proof of what is
better."""

from __future__ import annotations

from src.core.messages import experiments, golden, insights, learning, models, training

from .operation import Operation

LEARNING = (
    Operation("GET", "/learning", learning.OverviewLearning, "learning"),
    Operation("GET", "/insights", insights.ListInsights, "learning"),
    Operation(
        "POST",
        "/insights:refresh",
        insights.RefreshInsights,
        "learning",
        202,
        example={"collection_id": "01a5"},
    ),
    Operation("GET", "/models", models.ListModels, "learning"),
    Operation("GET", "/models/{model_id}", models.GetModel, "learning"),
    Operation(
        "POST",
        "/models/{model_id}:promote",
        models.PromoteModel,
        "learning",
        202,
        example={"reason": "It finds the manual before the change log."},
    ),
    Operation("POST", "/models/{model_id}:rollback", models.RollBackModel, "learning", 202),
    Operation(
        "POST",
        "/models/{model_id}:reject",
        models.RejectModel,
        "learning",
        202,
        example={"reason": "The passages are too short to be read alone."},
    ),
    Operation(
        "POST",
        "/collections/{collection_id}/chunkers",
        models.ProposeChunker,
        "learning",
        202,
        example={"tokens": 128, "overlap": 32, "switch": False},
    ),
    Operation("GET", "/experiments", experiments.ListExperiments, "learning"),
    Operation(
        "POST",
        "/experiments",
        experiments.StartExperiment,
        "learning",
        202,
        example={"collection_id": "01a5", "method": "ab", "variant": [{"kind": "passages", "k": 5}]},
    ),
    Operation("GET", "/experiments:plan", experiments.PlanExperiment, "learning"),
    Operation("GET", "/experiments/{experiment_id}", experiments.GetExperiment, "learning"),
    Operation(
        "POST",
        "/experiments/{experiment_id}:stop",
        experiments.StopExperiment,
        "learning",
        202,
        example={"reason": "The office is closed."},
    ),
    Operation("GET", "/golden-sets", golden.ListGoldenSets, "learning"),
    Operation(
        "POST",
        "/golden-sets",
        golden.AddGoldenSet,
        "learning",
        201,
        example={
            "collection_id": "01a5",
            "name": "Support desk",
            "questions": [
                {"question": "How do I reset a key?", "judgments": [{"external_id": "manual/keys.md"}]}
            ],
        },
    ),
    Operation(
        "POST",
        "/golden-sets:accept",
        golden.AcceptGoldenQuestion,
        "learning",
        201,
        example={"collection_id": "01a5", "rating_id": "01a3"},
    ),
    Operation("DELETE", "/golden-sets/{set_id}", golden.DeleteGoldenSet, "learning", 204),
    Operation("GET", "/golden-sets/{set_id}/questions", golden.ListGoldenQuestions, "learning"),
    Operation(
        "DELETE",
        "/golden-sets/{set_id}/questions/{question_id}",
        golden.DeleteGoldenQuestion,
        "learning",
        204,
    ),
    Operation("GET", "/training-runs", training.ListTrainingRuns, "learning"),
    Operation(
        "POST",
        "/training-runs",
        training.StartTraining,
        "learning",
        202,
        example={"collection_id": "01a5", "trainer": "ladder"},
    ),
    Operation("GET", "/training-runs/{run_id}", training.GetTrainingRun, "learning"),
    Operation("GET", "/datasets", training.ListDatasets, "learning"),
    Operation("GET", "/datasets/{dataset_id}/examples", training.ListDatasetExamples, "learning", lines=True),
)

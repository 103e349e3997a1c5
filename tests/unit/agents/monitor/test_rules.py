"""The rules that Stoa comes with."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import pytest

from src.agents.monitor.measuring import Sample
from src.agents.monitor.rules import Rule, Thresholds, Verdict, standard_rules
from src.core.settings import Settings

RULES = {rule.name: rule for rule in standard_rules(replace(Thresholds(), cost_usd=5.0))}


def test_every_limit_is_a_setting_with_the_same_default() -> None:
    settings = Settings()
    assert asdict(Thresholds()) == {
        field.name: getattr(settings, f"alert_{field.name}") for field in fields(Thresholds)
    }


def test_a_limit_of_zero_switches_its_rule_off_and_no_other() -> None:
    all_of_them = set(RULES)
    assert all_of_them - {rule.name for rule in standard_rules(Thresholds())} == {"model_cost"}
    off = Thresholds(**{field.name: 0 for field in fields(Thresholds)})
    assert {rule.name for rule in standard_rules(off)} == {"not_ready", "collector_failed"}
    without = standard_rules(replace(Thresholds(), cost_usd=5.0, down_share=0.0))
    assert all_of_them - {rule.name for rule in without} == {"down_votes"}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_sentence_can_be_said_and_each_rule_raises_and_clears(rule: Rule) -> None:
    labels = {**rule.match, rule.by: "indexing"} if rule.by else dict(rule.match)
    far = rule.limit * (10 if rule.above else 0.1)
    beyond = Sample(rule.metric, far, labels, count=1000)
    assert rule.concerns(beyond)
    assert rule.judge(beyond) is Verdict.BEYOND
    assert "{" not in rule.sentence(beyond)
    assert rule.judge(replace(beyond, value=rule.limit * (0.5 if rule.above else 2))) is Verdict.WELL
    assert rule.severity in {"warning", "critical"}


def test_numbers_are_said_in_units_that_people_read() -> None:
    sample = Sample("stoa_disk_free_bytes", 900 * 2**20)
    said = RULES["low_disk"].sentence(sample)
    assert said == "900 MiB are free where the data folder is; the limit is 1024 MiB."
    share = Sample("stoa_down_share", 0.456, count=57)
    said = RULES["down_votes"].sentence(share)
    assert said == "46% of the last day's 57 ratings are down-votes; the limit is 40%."


def test_only_the_whole_of_a_search_is_judged_by_its_slowest_twentieth() -> None:
    rule = RULES["slow_searches"]
    assert rule.concerns(Sample(rule.metric, 9.0, {"stage": "total", "quantile": "0.95"}))
    assert not rule.concerns(Sample(rule.metric, 9.0, {"stage": "dense", "quantile": "0.95"}))
    assert not rule.concerns(Sample(rule.metric, 9.0, {"stage": "total", "quantile": "0.99"}))

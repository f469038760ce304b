"""The chain and its findings in the JSON documents of the command-line contract."""

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import Diagnosis
from mailsetup.model.finding import Fact, Finding
from mailsetup.model.settings_json import Document, Json


def verdict_members(verdict: Diagnosis) -> Document:
    """The chain and its findings, also where no account could be tested."""
    return {
        "chain": [{"link": str(link), "status": str(status)} for link, status in verdict.chain],
        "first_broken": str(verdict.first_broken) if verdict.first_broken else None,
        "findings": [finding_json(finding) for finding in verdict.findings],
    }


def finding_json(finding: Finding) -> Json:
    """One finding with its texts in the current language."""
    explanation = explain(finding)
    return {
        "id": finding.id,
        "link": str(finding.link),
        "status": str(finding.status),
        "who": str(explanation.who),
        "title": explanation.title,
        "advice": explanation.advice,
        "evidence": {name: _fact(value) for name, value in finding.evidence.items()},
    }


def _fact(value: Fact) -> Json:
    return list(value) if isinstance(value, tuple) else value

"""What the rules of a mailbox do with mail to its owner (Sieve, RFC 5228)."""

from datetime import datetime

from mailsetup.diagnosis.sieve.evaluation import ScriptEvaluation
from mailsetup.diagnosis.sieve.parser import SieveSyntaxError, parse
from mailsetup.diagnosis.subaddress import mailbox_of
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.text import plain

_MAX_SHOWN = 6


def rule_findings(
    script: str, address: EmailAddress, now: datetime | None = None
) -> tuple[Finding, ...]:
    """Findings about a script; none where it cannot be read.

    With ``now`` (aware) a rule that is limited in time counts only while it is in force; without
    it, always.
    """
    evaluation = _evaluated(script, address, now)
    if evaluation is None:
        return ()
    found = (_forwards(evaluation, address), _discards(evaluation), _vacation(evaluation))
    return tuple(finding for finding in found if finding is not None)


def rule_folders(
    script: str, address: EmailAddress, now: datetime | None = None
) -> tuple[str, ...]:
    """The folders that a script files mail into, in UTF-8 as the script writes them.

    Variables in them are not expanded.
    """
    evaluation = _evaluated(script, address, now)
    return tuple(evaluation.folders) if evaluation is not None else ()


def _evaluated(script: str, address: EmailAddress, now: datetime | None) -> ScriptEvaluation | None:
    try:
        commands = parse(script)
    except SieveSyntaxError:
        return None
    evaluation = ScriptEvaluation(script, address, now)
    evaluation.run(commands)
    return evaluation


def _forwards(evaluation: ScriptEvaluation, address: EmailAddress) -> Finding | None:
    redirects = evaluation.redirects
    if not redirects:
        return None
    targets = tuple(dict.fromkeys(plain(redirect.target, 80) for redirect in redirects))
    ends = evaluation.ordinary_ends()
    nothing_stays = any(end.forwarded for end in ends) and not any(end.stays for end in ends)
    evidence: dict[str, Fact] = {
        "targets": targets[:_MAX_SHOWN],
        "copy_stays": not nothing_stays,
        "rule": evaluation.source_of(redirects[0]),
    }
    if any(_is_own(redirect.target, address) for redirect in redirects):
        evidence["loop"] = True
    status = Status.FAIL if nothing_stays else Status.WARN
    facts: dict[str, Fact] = {"target": targets[:_MAX_SHOWN]}
    return Finding(FindingId.ACCOUNT_FILTER_FORWARDS, status, facts, evidence)


def _discards(evaluation: ScriptEvaluation) -> Finding | None:
    drops = evaluation.losses()
    if not drops:
        return None
    everything = all(end.lost for end in evaluation.ordinary_ends())
    # Where everything is lost, the unconditional rule is named before the conditional ones.
    drops = sorted(drops, key=lambda drop: everything and drop.conditional)
    evidence: dict[str, Fact] = {
        "rule": evaluation.source_of(drops[0]),
        "action": drops[0].name,
        "always": everything,
    }
    status = Status.FAIL if everything else Status.WARN
    names = tuple(dict.fromkeys(drop.rule or evaluation.source_of(drop) for drop in drops))
    return Finding(FindingId.ACCOUNT_FILTER_DISCARDS, status, {"rule": names[:3]}, evidence)


def _vacation(evaluation: ScriptEvaluation) -> Finding | None:
    if not evaluation.vacations:
        return None
    vacation = evaluation.vacations[0]
    facts: dict[str, Fact] = {}
    if vacation.since:
        facts["from"] = plain(vacation.since, 40)
    if vacation.until:
        facts["until"] = plain(vacation.until, 40)
    evidence = {"rule": evaluation.source_of(vacation), **facts}
    return Finding(FindingId.ACCOUNT_VACATION_ACTIVE, Status.WARN, facts, evidence)


def _is_own(target: str, address: EmailAddress) -> bool:
    """Whether mail that is redirected there is delivered to the mailbox of ``address``."""
    parsed = EmailAddress.parse(target)
    return isinstance(parsed, EmailAddress) and mailbox_of(parsed) == mailbox_of(address)

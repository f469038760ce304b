"""Sieve scripts as editors of hostings write them, and the findings about a script."""

from datetime import UTC, datetime

from mailsetup.diagnosis.sieve.rule_findings import rule_findings
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId

ANA = EmailAddress("ana", "bodega.test")
NOW = datetime(2026, 7, 10, 12, 0, tzinfo=UTC)
FORWARDS = FindingId.ACCOUNT_FILTER_FORWARDS
DISCARDS = FindingId.ACCOUNT_FILTER_DISCARDS
VACATION = FindingId.ACCOUNT_VACATION_ACTIVE

SCRIPTS = {
    "roundcube": """\
require ["copy","fileinto","vacation","date","relational"];
# rule:[Copia]
if anyof (header :contains "subject" "factura", header :contains "from" "banco")
{
    redirect :copy "a@lejos.test";
    stop;
}
# rule:[apagada]
if false # anyof (header :contains "subject" "x")
{
    discard;
}
# rule:[Vacaciones]
if allof (currentdate :zone "+0200" :value "ge" "date" "2026-07-01",
          currentdate :zone "+0200" :value "le" "date" "2026-07-15")
{
    vacation :days 1 :addresses ["ana@bodega.test"] :subject "Fuera" text:
Hola
..
.
;
}
""",
    "vacation-seconds": 'require ["vacation-seconds"];\nvacation :seconds 600 "x";\n',
    "duplicate": 'require "duplicate"; if duplicate :header "message-id" { discard; }',
    "include": 'require ["include"];\ninclude :personal :optional "x";\n',
    "spamtestplus": 'require ["spamtestplus","relational","comparator-i;ascii-numeric",'
    '"fileinto"]; if spamtest :value "ge" :comparator "i;ascii-numeric" "5" '
    '{ fileinto "Junk"; }',
    "special-use": 'require ["fileinto","special-use","mailbox"]; '
    'fileinto :specialuse "\\\\Junk" :create "Junk";',
    "mailbox": 'require ["fileinto","mailbox"]; fileinto :create "Clientes";',
    "enotify": 'require ["enotify"]; notify :message "x" "mailto:a@lejos.test";',
    "reject": 'require ["reject"]; reject text:\nno\n.\n;',
    "editheader": 'require ["editheader"]; addheader "X-A" "b"; keep;',
    "foreverypart": 'require ["foreverypart","mime"]; foreverypart { '
    'if header :mime :anychild :contains "Content-Type" "text" { discard; stop; } }',
    "environment": 'require ["environment"]; if environment :is "name" "x" { keep; }',
    "variables": 'require ["variables"]; set :lower "x" "y"; '
    'if string :is "${x}" "y" { redirect "${x}@lejos.test"; }',
    "extracttext": 'require ["extracttext","variables","foreverypart"]; '
    'foreverypart { extracttext :first 10 "x"; }',
    "mboxmetadata": 'require ["mboxmetadata"]; if metadata :is "INBOX" "/private/x" "y" { keep; }',
    "redirect-dsn": 'require ["redirect-dsn"]; redirect :notify "never" "a@lejos.test";',
    "ihave": 'require ["ihave"]; if ihave "x" { keep; } else { error "y"; }',
    "date": 'require ["date","relational"]; if date :value "le" "received" "hour" "09" { keep; }',
    "encoded-character": 'require ["encoded-character"]; redirect "${hex:61}@lejos.test";',
    "crlf": 'require ["vacation"];\r\nvacation text:\r\nhola\r\n.\r\n;\r\n',
    "regex": 'require ["regex"]; if header :regex "subject" ".*" { discard; }',
    "global": 'require ["include","variables"]; global "x"; keep;',
    "comments": "/* x */ keep; # y\n",
    "index": 'require ["date","index"]; if date :index 1 :last "received" "year" "2026" {}',
    "imap4flags": 'require ["imap4flags"]; setflag "\\\\Seen"; keep :flags ["a", "b"];',
    "subaddress": 'require ["subaddress"]; if address :user "to" "ana" { keep; }',
    "body": 'require ["body"]; if body :raw :contains "x" { discard; }',
    "envelope": 'require ["envelope"]; if envelope :all :is "from" "a@b.test" { stop; }',
}
"""One script for each extension that Pigeonhole, Roundcube or a hosting's panel uses."""


def found(script: str, now: datetime | None = None) -> dict[FindingId, Finding]:
    return {finding.id: finding for finding in rule_findings(script, ANA, now)}


def statuses(script: str, now: datetime | None = None) -> dict[FindingId, Status]:
    return {each.id: each.status for each in rule_findings(script, ANA, now)}

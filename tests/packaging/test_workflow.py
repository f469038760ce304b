"""The workflow that builds releases: it names files and modules of this checkout that exist."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


def test_every_script_and_list_that_it_runs_exists() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    paths = re.findall(r"packaging/[\w/.-]+\.(?:py|txt)", text)
    assert {"packaging/start.py", "packaging/release.py"} <= set(paths)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    for module in re.findall(r"-m ((?:windows|macos|linux)\.\w+)", text):
        assert (ROOT / "packaging" / f"{module.replace('.', '/')}.py").exists(), module


def test_packages_are_attached_only_after_every_system_has_passed() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    assert set(jobs["attach"]["needs"]) == {"debian", "windows", "macos"}
    assert [name for name, job in jobs.items() if "contents" in job.get("permissions", {})] == [
        "attach"
    ]

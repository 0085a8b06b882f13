"""A child process on a disk of two megabytes of its own: what it is told when that is full, or can only be read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from incentive_lab.errors import InputError
from incentive_lab.registry.service import Registry
from incentive_lab.report.exporting import export_pack
from tests.registry.made import ANN, BEN, CAT, submission


def told(action: object) -> str:
    """What an action that cannot be done says."""
    try:
        action()  # type: ignore[operator]
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"OSError {error.errno}"
    return "done"


def main(disk: Path) -> None:
    registry = Registry(f"sqlite:///{disk / 'registry.sqlite'}")
    registry.submit(ANN, submission(), "worth it")
    before = registry.verify().entries
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            pass
    said = {"approve on a full disk": told(lambda: [registry.comment(CAT, "grown-1", "x" * 2000) for _ in range(99)])}
    elsewhere = Registry(f"sqlite:///{disk.parent / 'registry.sqlite'}")
    elsewhere.submit(ANN, submission(), "worth it")
    said["export to a full disk"] = told(lambda: export_pack(elsewhere, CAT, "grown-1", disk / "pack.zip"))
    said["left on a full disk"] = ", ".join(sorted(one.name for one in disk.iterdir() if "pack" in one.name))
    said["logged of it"] = ", ".join(one["action"] for one in elsewhere.show("grown-1")["log"])
    filler.unlink()
    full = registry.verify()
    grown = full.entries
    comments = len(registry.show("grown-1")["comments"])
    said["approve afterwards"] = told(lambda: registry.approve(BEN, "grown-1", "agreed"))
    registry.store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    said["activate on a disk that can only be read"] = told(lambda: registry.activate(BEN, "grown-1", "now"))
    said["a new registry on it"] = told(lambda: Registry(f"sqlite:///{disk / 'other.sqlite'}"))
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    last = registry.verify()
    print(json.dumps({
        "said": said, "ok": [full.ok, last.ok], "entries": [before, grown, last.entries], "comments": comments,
        "state": registry.show("grown-1")["state"],
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))

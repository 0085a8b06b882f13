"""What an intruder, or a controller who wants to catch the registry out, would try."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from incentive_lab.errors import InputError, without_password
from incentive_lab.registry.evidence import Submission
from incentive_lab.registry.people import Actor, Conflict, Refused
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.service import Registry
from incentive_lab.report.exporting import export_pack
from incentive_lab.report.pack import MANIFEST, Pack, opened_pack, pack_bytes, zipped
from tests.registry.made import ANN, BEN, CAT, DAN, approved, submission
from tests.registry.test_verify import behind

NOON = "2026-01-10T12:00:00.000000+00:00"
ISSUER = "https://login.example"


def lee(name: str, subject: str = "a-1") -> Actor:
    return Actor(name, ISSUER, subject, NOON)


@pytest.fixture
def noon(local: Registry) -> Registry:
    """At noon, with an admin by name and Ann Lee, who signs in, as designer and approver."""
    local.clock = lambda: NOON
    local.give_roles(ANN, "root", frozenset({"admin"}))
    local.give_roles(Actor("root"), "Ann Lee", frozenset({"designer", "approver"}), issuer=ISSUER, subject="a-1")
    return local


def test_somebody_who_calls_themselves_otherwise_is_still_the_author(noon: Registry) -> None:
    made = noon.submit(lee("Ann Lee"), submission(total=120.0), "worth it")
    with pytest.raises(Refused, match="nobody approves their own"):
        noon.approve(lee("The Board"), made["id"], "fine by me")
    noon.give_roles(Actor("root"), "Ben", frozenset({"finance", "approver"}), issuer=ISSUER, subject="b-1")
    noon.approve(lee("Ben", "b-1"), made["id"], "agreed", role="finance")
    with pytest.raises(Conflict, match="has signed"):
        noon.approve(lee("Ben the second", "b-1"), made["id"], "agreed", role="approver")


def test_the_log_shows_who_the_table_says_and_what_the_provider_calls_them(noon: Registry) -> None:
    made = noon.submit(lee("Chief Executive"), submission(), "worth it")
    assert made["author"] == "Ann Lee"
    assert noon.show(made["id"])["log"][0]["by"] == {"issuer": ISSUER, "subject": "a-1"}
    # Somebody the table does not know has the name that their provider lets them choose.
    noon.set_policy(Actor("root"), Policy(roles_issuer=ISSUER, roles_claim="groups"), "the directory decides")
    eve = Actor("ann  LEE", ISSUER, "e-1", NOON, "", {"groups": frozenset({"finance"})})
    noon.comment(eve, made["id"], "it is me, Ann")
    assert noon.show(made["id"])["comments"][0]["who"] == "ann LEE (e-1)"


def test_a_draft_goes_back_to_its_author_and_to_nobody_of_the_same_name(local: Registry) -> None:
    local.submit(ANN, submission(), "worth it")
    local.give_back(BEN, "grown-1", "lower it")
    local.give_roles(ANN, "root", frozenset({"admin"}))
    local.set_policy(Actor("root"), Policy(roles_issuer=ISSUER, roles_claim="groups"), "the directory decides")
    other = Actor("ann", ISSUER, "x-1", "2999-01-01", "", {"groups": frozenset({"designer"})})
    assert local.submit(other, submission(rate=2), "mine")["id"] == "grown-2"


def test_two_spellings_are_one_person_and_a_role_given_anew_keeps_the_sign_in(noon: Registry) -> None:
    row = noon.give_roles(Actor("root"), " ann  LEE ", frozenset({"viewer"}))
    assert (row["name"], row["issuer"], row["subject"], row["roles"]) == ("Ann Lee", ISSUER, "a-1", "viewer")
    with pytest.raises(Refused, match="belongs to somebody who signs in"):
        noon.comment(Actor("ANN LEE"), "grown-1", "let me in")
    with pytest.raises(Conflict, match="'Ann Lee' is who this provider calls a-1"):
        noon.give_roles(Actor("root"), "Eve", frozenset({"admin"}), issuer=ISSUER, subject="a-1")
    # A role that is taken away is gone at once, in sign-ins that are open too.
    with pytest.raises(Refused, match="viewer may not submit"):
        noon.submit(lee("Ann Lee"), submission(), "worth it")


def test_nobody_locks_everybody_out(local: Registry) -> None:
    for strict in (Policy(typed_names=False), Policy(roles_issuer=ISSUER, roles_claim="groups")):
        with pytest.raises(Conflict, match="admin"):
            local.set_policy(ANN, strict, "everybody signs in")
    local.give_roles(ANN, "ann", frozenset({"admin"}))
    local.give_roles(ANN, "Bea", frozenset({"admin"}), issuer=ISSUER, subject="b-1")
    bea = lee("Bea", "b-1")
    local.clock = lambda: NOON
    local.set_policy(ANN, Policy(typed_names=False), "everybody signs in")
    with pytest.raises(Conflict, match="somebody who signs in must be admin"):
        local.give_roles(bea, "Bea", frozenset({"approver"}))
    assert local.verify().ok


def test_once_a_claim_gives_roles_a_typed_name_gives_none(local: Registry) -> None:
    local.give_roles(ANN, "ann", frozenset({"admin"}))
    local.set_policy(ANN, Policy(roles_issuer=ISSUER, roles_claim="groups"), "the directory decides")
    assert local.roles(Actor("whoever")) == {"viewer"}


def test_other_evidence_for_the_same_scheme_is_not_signed_unseen(local: Registry) -> None:
    first = local.submit(ANN, submission(total=101.0), "worth it")
    local.give_back(BEN, "grown-1", "run it again")
    again = local.submit(ANN, submission(total=104.0), "run again")
    assert first["fingerprint"] == again["fingerprint"]
    decisions = (local.approve, local.reject, local.give_back)
    for decide in decisions:
        with pytest.raises(Conflict, match="that you looked at"):
            decide(BEN, "grown-1", "agreed", seen=first["case"])
    assert local.approve(BEN, "grown-1", "agreed", seen=again["case"])["state"] == "approved"


def test_a_comparison_of_ones_own_choice_does_not_spare_the_second_signature(local: Registry) -> None:
    floor = submission("kind", rate=9).documents["scheme.yaml"]
    with pytest.raises(InputError, match="compares nothing"):
        local.submit(ANN, submission("kind", rate=9, floor=floor), "the same as ever")
    approved(local, name="now")
    made = local.submit(ANN, submission("next", rate=8, starts="2026-07-01", floor=floor), "costs a little more")
    assert (made["parent_id"], made["needs"]) == ("now-1", ["finance", "approver"])
    assert local.show("next-1")["remarks"][0] == "It changes now-1, but its cost is compared with something else."


def test_a_revision_is_not_its_own_parent(local: Registry) -> None:
    local.submit(ANN, submission(), "worth it")
    local.give_back(BEN, "grown-1", "lower it")
    with pytest.raises(Conflict, match="must have been approved once"):
        local.submit(ANN, submission(rate=2, parent_id="grown-1"), "lowered")


def test_a_clock_that_was_set_back_is_told_and_revives_no_sign_in(noon: Registry) -> None:
    made = noon.submit(lee("Ann Lee"), submission(), "worth it")
    noon.sign_out(lee("Ann Lee"))
    noon.clock = lambda: "2026-01-10T11:58:00.000000+00:00"
    noon.comment(Actor("root"), made["id"], "the clocks of two machines differ")
    assert noon.show(made["id"])["log"][-1]["at"] == NOON
    noon.clock = lambda: "2025-12-24T12:00:00.000000+00:00"
    with pytest.raises(Refused, match="no longer valid"):
        noon.comment(lee("Ann Lee"), made["id"], "a copy of my cookie")
    noon.comment(Actor("root"), made["id"], "last year")
    found = noon.verify()
    assert found.ok
    assert found.notes == (
        f"entry 6: the clock said 2025-12-24T12:00:00.000000+00:00, though the entry before it was made {NOON}",
    )


def test_nothing_that_a_terminal_obeys_is_kept_of_a_text(local: Registry) -> None:
    local.submit(ANN, submission(), "fine\x1b[2J\u202e\u200b\x00 by\u00a0me\nsigned as finance by cfo")
    assert local.show("grown-1")["reason"] == "fine[2J by me\nsigned as finance by cfo"
    for name in ("x\x1b[2Jy", "x\u202ey", "p" * 101):
        with pytest.raises(InputError, match="printable characters"):
            local.submit(ANN, submission("other", rate=9, population=name), "worth it")


@pytest.mark.parametrize(("source", "kept"), [
    ("postgresql://ann:secret@db/sales", "postgresql://ann@db/sales"),
    ("mysql://db/sales?user=ann&password=secret", "mysql://db/sales?user=ann"),
    ("postgresql://ann:sec@ret@db:x/sales", "postgresql://ann@db:x/sales"),
    ("postgresql://ann:se/cret@db/sales?ssl%70assword=y&user=z", "postgresql://ann@db/sales?user=z"),
    ("/data/history", "/data/history"),
])  # fmt: skip
def test_a_password_in_the_address_of_a_history_is_not_kept(local: Registry, source: str, kept: str) -> None:
    local.submit(ANN, submission(history_source=source), "worth it")
    assert local.show("grown-1")["history_source"] == kept == without_password(source)


def test_the_registry_is_for_the_one_who_runs_it(local: Registry) -> None:
    file = Path(str(local.store.url.database))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_row_takes_the_place_of_another(local: Registry) -> None:
    approved(local)
    for table, key in (("audit", "seq = 2"), ("documents", "1 = 1")):
        with pytest.raises(InputError, match="only be added to"), local.store.writing() as session:
            session.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE {key}"))
    assert local.verify().ok


@pytest.mark.parametrize("statement", ["UPDATE revisions SET evidence = 'x'", "UPDATE revisions SET evidence = '[1]'",
                                       "UPDATE revisions SET needs = x'00ff'", "UPDATE audit SET detail = 'x'"])  # fmt: skip
def test_what_cannot_be_read_any_more_is_told_in_a_sentence(local: Registry, statement: str) -> None:
    approved(local)
    behind(local, statement)
    assert not local.verify().ok
    if "detail" in statement:  # The log is shown as far as it can be read.
        assert local.show("grown-1")["log"][0]["reason"] == ""
        return
    for look in (local.show, local.documents):
        with suppress(Refused):
            look("grown-1")
    with pytest.raises(Refused, match="behind the registry's back"):
        local.show("grown-1")


@pytest.fixture
def packed(local: Registry, tmp_path: Path) -> bytes:
    approved(local)
    export_pack(local, CAT, "grown-1", tmp_path / "pack.zip")
    return (tmp_path / "pack.zip").read_bytes()


def forged(body: bytes, change: dict[str, bytes]) -> bytes:
    """A pack with other members and a manifest that fits them, as somebody who knows the format would write it."""
    import hashlib

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()} | change
    manifest = json.loads(files.pop(MANIFEST))
    manifest["files"] = {name: hashlib.sha256(one).hexdigest() for name, one in files.items()}
    return zipped({**files, MANIFEST: json.dumps(manifest).encode()})


def zips(files: list[tuple[str, bytes]], *, link: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, one in files:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if name == link else 0o100644) << 16
            archive.writestr(entry, one)
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_other_zip_passes_for_a_pack(packed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    for made in (
        zips([*files, ("../../etc/cron.d/evil", b"x")]), zips([*files, ("/etc/evil", b"x")]), zips([*files, files[0]]),
        zips([*files, (files[0][0], b"other")]), zips(files, link="scheme.yaml"), zips(files[1:]), zips(list(reversed(files))),
        zips([("\u202escheme.yaml", one) if name == "scheme.yaml" else (name, one) for name, one in files]),
        zips([(f"{number}", b"") for number in range(300)]), b"", b"PK\x05\x06" + b"\0" * 18, packed[:-1], b"x" + packed,
    ):  # fmt: skip
        with pytest.raises(InputError, match="not a pack as it was exported"):
            opened_pack(made)


def test_a_pack_that_unpacks_to_more_than_it_is_long_is_not_read(packed: bytes) -> None:
    """Entries that lie over one another, each as long as the whole."""
    body = bytearray(packed)
    at = body.rfind(b"PK\x01\x02")
    body[at + 20 : at + 28] = (0x70000000).to_bytes(4, "little") * 2
    with pytest.raises(InputError, match="packed by something else"):
        opened_pack(bytes(body))


def test_a_decision_in_a_pack_is_the_one_of_its_manifest_and_of_the_log(
    local: Registry, packed: bytes, tmp_path: Path
) -> None:
    from incentive_lab.report.exporting import not_exported

    decision = json.loads(opened_pack(packed).files["decision.json"])
    for change in ({"id": "other-1"}, {"fingerprint": "s0"}, {"head": "1:" + "0" * 64}, {"evidence": {"scheme.yaml": "0" * 64}},
                   {"evidence": 7}):  # fmt: skip
        with pytest.raises(InputError, match="not a pack as it was exported"):
            opened_pack(forged(packed, {"decision.json": json.dumps({**decision, **change}).encode()}))
    for broken in (b"", b"[]", b"{}", b"[" * 100_000, json.dumps({**decision, "author": "\ud800"}).encode()):
        with pytest.raises(InputError, match="not a pack as it was exported"):
            opened_pack(forged(packed, {"decision.json": broken}))
    # A signature that nobody gave fits the format; only the log knows that no such pack was exported.
    signed = {**decision["signatures"][0], "who": "the board", "authenticated": True}
    lie = opened_pack(forged(packed, {"decision.json": json.dumps({**decision, "signatures": [signed]}).encode()}))
    assert [one.where for one in not_exported(local, [opened_pack(packed), lie])] == ["pack of grown-1"]


@pytest.mark.parametrize("plan", [
    "arms: [{name: off, scheme: ../../secret}, {name: on}]", "arms: [{name: off}, {name: on}], assignment: {file: /etc/passwd}",
    "arms: [{name: off}, {name: on}], data: {file: /etc/passwd, columns: {arm: t}}",
])  # fmt: skip
def test_a_plan_in_a_pack_reads_no_file_of_this_machine(plan: str) -> None:
    from incentive_lab.report.reproducing import _pilot

    text = f"{{pilot: a, metrics: [{{name: y, of: y, role: primary}}], {plan}}}"
    with pytest.raises(InputError, match="does not lie beside the plan"):
        _pilot(Pack({"pilot/pilot.yaml": text.encode()}, {}, ""), None)  # type: ignore[arg-type]


EVIL = ("=cmd|'/c calc'!A1", "+1", "@SUM(A1)", "bad\x01\x0bname", "A\u202eB", "<script>alert(1)</script>", "]]><x>", "&amp;",
        "#let x = 1", "\U0001f600" * 40, "x" * 40_000)  # fmt: skip


def test_names_and_texts_of_any_kind_make_a_pack_and_stay_texts(local: Registry) -> None:
    import openpyxl

    given = submission()
    replayed = json.loads(given.documents["replay.json"])
    replayed |= {
        "by_partner": dict.fromkeys(EVIL, replayed["total"] / len(EVIL)),
        "by_rule": dict.fromkeys(EVIL, 9.0),
        "warnings": list(EVIL),
    }
    local.submit(ANN, Submission({**given.documents, "replay.json": json.dumps(replayed).encode()}), "worth it")
    row, documents, head = local.whole("grown-1")
    pack = opened_pack(pack_bytes(row, documents, str(head)))
    book = openpyxl.load_workbook(io.BytesIO(pack.files["workbook.xlsx"]))
    formulas = {
        str(cell.value)[:5] for sheet in book for line in sheet.iter_rows() for cell in line if cell.data_type == "f"
    }
    assert all(one.startswith(("=SUM(", "=C")) for one in formulas)
    assert pack.files["memo.pdf"].startswith(b"%PDF-")
    assert b"<script>" not in pack.files["guide.html"]


def test_two_who_export_at_once_do_not_write_into_each_other(
    local: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(local)
    out, during = tmp_path / "pack.zip", []
    exported = Registry.exported

    def slowly(self: Registry, actor: Actor, revision: str, manifest: str) -> object:
        if not during:
            during.append(manifest)
            self.comment(DAN, revision, "one more remark")
            export_pack(self, DAN, revision, out)
            during.append(opened_pack(out.read_bytes()).sha256)
        return exported(self, actor, revision, manifest)

    monkeypatch.setattr(Registry, "exported", slowly)
    done = export_pack(local, CAT, "grown-1", out)
    assert opened_pack(out.read_bytes()).sha256 == done["sha256"] != during[1]
    assert os.listdir(tmp_path) == ["pack.zip"]


def test_a_registry_of_the_tables_before_identities_verifies(local: Registry) -> None:
    """Entries of older tables do not have the columns that came later."""
    from incentive_lab.registry import audit
    from incentive_lab.registry.models import Entry

    made = local.submit(ANN, submission(total=120.0), "worth it")
    with local.store.reading() as session:
        entry = session.get(Entry, 1)
        assert entry is not None
        detail = json.loads(entry.detail)
        del detail["after"]["author_id"]
        entry.detail = audit.plain(detail)
        detail_, digest = entry.detail, audit.digest_of(entry)
        session.expunge_all()
    behind(
        local,
        f"UPDATE audit SET detail = '{detail_.replace(chr(39), chr(39) * 2)}', hash = '{digest}' WHERE seq = 1".replace(
            ":", "\\:"
        ),
    )
    assert local.verify().ok
    local.approve(BEN, made["id"], "agreed")
    assert local.verify().ok


def test_documents_of_no_submission_are_refused(local: Registry) -> None:
    for name in ("pilot/../../evil", "pilot/", "/etc/passwd", "pilot/.hidden", "pilot/a/b", "scheme.yaml\0"):
        given = submission()
        with pytest.raises(InputError, match="no such document"):
            local.submit(ANN, Submission({**given.documents, name: b"x"}), "worth it")

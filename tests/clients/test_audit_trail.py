"""The verifier of exported audit trails, without a service: what was done to a file, it finds."""

from __future__ import annotations

import base64
import copy
import gzip
import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend_client.audit_trail import (
    Checkpoint,
    PublicKeys,
    Verification,
    lines,
    read_checkpoints,
    verify_file,
    verify_lines,
)
from tests.factories.trail import Members, TrailMaker, text_of

_MAKER = TrailMaker(Ed25519PrivateKey.from_private_bytes(b"a key of the tests, of 32 bytes."))
_OTHER = TrailMaker(Ed25519PrivateKey.from_private_bytes(b"another of the tests, 32 bytes.."))
_KEYS = PublicKeys([_MAKER.public])
_COUNT = 12
_WHOLE = _MAKER.export(_COUNT, signed_at=(4, 8))

indexes = st.integers(0, len(_WHOLE) - 1)


def _verified(content: list[Members], *, kept: list[Members] | None = None, keys: PublicKeys = _KEYS) -> Verification:
    return verify_lines(map(text_of, content), keys, kept=[Checkpoint.read(each) for each in kept or ()])


def _problems(content: list[Members], **more: Any) -> str:
    return "; ".join(str(problem) for problem in _verified(content, **more).problems)


def _records(content: list[Members]) -> list[int]:
    return [index for index, members in enumerate(content) if members["type"] == "record"]


def _altered(value: object, draw: Any) -> object:
    """Something of the same kind that is not the same."""
    if isinstance(value, int):
        return value + draw(st.integers(1, 1000))
    if value is None:
        return "00"
    text = str(value)
    place = draw(st.integers(0, len(text) - 1))
    other = draw(st.sampled_from('0123456789abcdefxyz "{}Ü').filter(lambda one: one != text[place]))
    return text[:place] + other + text[place + 1 :]


class TestWhole:
    def test_a_whole_trail_is_said_to_be_whole(self) -> None:
        found = _verified(_WHOLE)
        assert found.problems == []
        assert (found.first_seq, found.last_seq, found.record_count, found.checkpoint_count) == (1, _COUNT, _COUNT, 3)
        assert found.ends_with is not None
        assert found.ends_with.seq == _COUNT
        assert found.begins_after is None

    def test_a_trail_may_begin_after_a_signed_checkpoint_which_is_said(self) -> None:
        found = _verified(_MAKER.export(_COUNT, after=5))
        assert found.problems == []
        assert found.begins_after is not None
        assert found.begins_after.seq == 5
        assert "begins after the checkpoint at record 5" in found.notes[0]

    def test_a_kept_checkpoint_that_fits_is_noted(self) -> None:
        found = _verified(_WHOLE, kept=[_WHOLE[5]])
        assert found.problems == []
        assert "fits the kept checkpoint at record 4" in found.notes[0]

    def test_a_kept_checkpoint_from_before_the_beginning_cannot_be_compared(self) -> None:
        found = _verified(_MAKER.export(_COUNT, after=5), kept=[_WHOLE[5]])
        assert found.problems == []
        assert any("cannot be compared" in note for note in found.notes)

    def test_keys_of_before_and_after_a_rotation_both_count(self) -> None:
        content = _MAKER.export(_COUNT)
        content.insert(5, _OTHER.checkpoint(4, content[4]["hash"]))
        assert "not among those given" in _problems(content)
        assert _problems(content, keys=PublicKeys([_MAKER.public, _OTHER.public])) == ""


class TestTampering:
    @settings(deadline=None, max_examples=400)
    @given(data=st.data(), index=indexes)
    def test_any_member_of_any_line_that_was_altered_is_found(self, data: st.DataObject, index: int) -> None:
        content = copy.deepcopy(_WHOLE)
        name = data.draw(st.sampled_from(list(content[index])))
        content[index][name] = _altered(content[index][name], data.draw)
        assert not _verified(content).is_whole

    @settings(deadline=None, max_examples=200)
    @given(data=st.data(), place=st.integers(0, _COUNT - 1))
    def test_an_altered_record_is_the_one_that_is_named(self, data: st.DataObject, place: int) -> None:
        content = copy.deepcopy(_WHOLE)
        record = content[_records(content)[place]]
        name = data.draw(st.sampled_from(["actor", "method", "request_id", "event_type", "resource_type"]))
        record[name] += "x"
        assert [problem.seq for problem in _verified(content).problems] == [place + 1]

    @settings(deadline=None)
    @given(index=indexes)
    def test_any_line_that_was_dropped_is_missed_unless_it_proves_nothing_alone(self, index: int) -> None:
        content = copy.deepcopy(_WHOLE)
        dropped = content.pop(index)
        # A checkpoint in between is one proof of two: the one at the end signs the same records.
        assert _verified(content).is_whole == (dropped["type"] == "checkpoint" and dropped["seq"] < _COUNT)

    @settings(deadline=None)
    @given(first=indexes, second=indexes)
    def test_lines_that_changed_places_are_found(self, first: int, second: int) -> None:
        content = copy.deepcopy(_WHOLE)
        content[first], content[second] = content[second], content[first]
        assert _verified(content).is_whole == (first == second)

    @settings(deadline=None)
    @given(copied=indexes, place=st.integers(0, len(_WHOLE)))
    def test_a_line_that_was_inserted_is_found(self, copied: int, place: int) -> None:
        content = copy.deepcopy(_WHOLE)
        content.insert(place, copy.deepcopy(_WHOLE[copied]))
        doubled = _WHOLE[copied]["type"] == "checkpoint" and place in {copied, copied + 1}
        # The same checkpoint said twice at its place says nothing else.
        assert _verified(content).is_whole == doubled

    @settings(deadline=None)
    @given(length=st.integers(0, len(_WHOLE) - 1))
    def test_an_end_that_was_cut_off_is_found(self, length: int) -> None:
        assert not _verified(_WHOLE[:length]).is_whole

    def test_an_end_that_was_cut_off_with_its_header_mended_is_found_by_the_kept_checkpoint(self) -> None:
        shorter = _MAKER.export(8)
        assert _problems(shorter) == ""
        assert "its end was cut off" in _problems(shorter, kept=[_WHOLE[-1]])

    def test_a_chain_cut_after_a_record_without_a_checkpoint_has_no_proof_of_its_end(self) -> None:
        content = [_MAKER.header(1, 7), *_WHOLE[1:9]]
        assert "no signed checkpoint at the end, after record 7" in _problems(content)

    @settings(deadline=None)
    @given(place=st.integers(1, _COUNT))
    def test_an_altered_record_with_all_later_hashes_mended_is_found_by_the_checkpoint(self, place: int) -> None:
        records, forged = _MAKER.records(_COUNT), TrailMaker(_OTHER.private).records(_COUNT, word="Delete")
        assert forged[place - 1]["hash"] != records[place - 1]["hash"]
        content = [_MAKER.header(1, _COUNT), *forged, _MAKER.checkpoint(_COUNT, records[-1]["hash"])]
        assert f"the chain up to record {_COUNT} is not the one that was signed" in _problems(content)

    def test_a_chain_rewritten_and_signed_anew_is_found_by_the_kept_checkpoint(self) -> None:
        forged = _MAKER.records(_COUNT, word="Delete")
        content = [_MAKER.header(1, _COUNT), *forged, _MAKER.checkpoint(_COUNT, forged[-1]["hash"])]
        assert _problems(content) == ""
        assert "it was rewritten" in _problems(content, kept=[_WHOLE[5]])

    def test_a_checkpoint_with_a_forged_signature_is_refused(self) -> None:
        content = copy.deepcopy(_WHOLE)
        content[-1]["signature"] = "00" * 64
        assert "has a signature that is not that of its key" in _problems(content)

    def test_a_checkpoint_by_another_key_under_the_name_of_ours_is_refused(self) -> None:
        content = copy.deepcopy(_WHOLE)
        content[-1] = _OTHER.checkpoint(_COUNT, content[-2]["hash"]) | {"key_id": content[-1]["key_id"]}
        assert "not that of its key" in _problems(content)

    def test_the_wrong_public_key_proves_nothing(self) -> None:
        assert "not among those given" in _problems(_WHOLE, keys=PublicKeys([_OTHER.public]))

    def test_a_genuine_checkpoint_of_another_tenant_is_refused(self) -> None:
        content = copy.deepcopy(_WHOLE)
        content[-1] = _MAKER.checkpoint(_COUNT, content[-2]["hash"], tenant=_record_id())
        assert "is of another tenant" in _problems(content)
        assert "is of another tenant" in _problems(_WHOLE, kept=[content[-1]])

    def test_a_kept_checkpoint_that_nobody_signed_is_refused(self) -> None:
        assert "not among those given" in _problems(_WHOLE, kept=[_OTHER.checkpoint(4, _WHOLE[4]["hash"])])

    def test_a_beginning_without_its_checkpoint_is_refused(self) -> None:
        content = _MAKER.export(_COUNT, after=5)
        assert "begins after record 5, without a signed checkpoint" in _problems([content[0], *content[2:]])

    @pytest.mark.parametrize(
        ("line", "changed"),
        [
            ('"actor":"user:3"', '"actor":"user:9","actor":"user:3"'),
            ('"seq":3,', '"seq": 3,'),
            ('"seq":3,', '"seq":3.0,'),
            ('"actor":"user:3"', '"actor":"\\u0075ser:3"'),
            ('"actor":"user:3",', '"actor":"user:3","extra":"x",'),
            ("12:30:18.123456Z", "12:30:18,123456Z"),
        ],
    )
    def test_a_line_that_says_the_same_in_another_way_is_refused(self, line: str, changed: str) -> None:
        texts = [text_of(members) for members in _WHOLE]
        assert line in texts[3]
        texts[3] = texts[3].replace(line, changed)
        assert not verify_lines(texts, _KEYS).is_whole

    @settings(deadline=None, max_examples=300)
    @given(garbage=st.text(max_size=80), index=indexes)
    def test_garbage_in_place_of_a_line_is_a_problem_and_no_crash(self, garbage: str, index: int) -> None:
        texts = [text_of(members) for members in _WHOLE]
        texts[index] = garbage
        assert not verify_lines(texts, _KEYS).is_whole

    @pytest.mark.parametrize("content", [[], [""], ["{}"], ["[1]"], ['"header"'], ["[" * 100_000]])
    def test_a_file_that_is_no_trail_is_said_to_be_none(self, content: list[str]) -> None:
        assert not verify_lines(content, _KEYS).is_whole


class TestFiles:
    def test_a_compressed_file_is_read_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "trail.jsonl.gz"
        path.write_bytes(gzip.compress("".join(text_of(each) + "\n" for each in _WHOLE).encode()))
        assert verify_file(path, _KEYS).is_whole

    @settings(deadline=None, max_examples=50)
    @given(data=st.data())
    def test_a_compressed_file_that_was_cut_off_or_changed_is_found(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        path = tmp_path_factory.mktemp("cut") / "trail.jsonl.gz"
        whole = gzip.compress("".join(text_of(each) + "\n" for each in _WHOLE).encode(), mtime=0)
        length = data.draw(st.integers(2, len(whole) - 9))
        path.write_bytes(whole[:length])
        assert not verify_file(path, _KEYS).is_whole

    def test_bytes_that_are_no_text_are_a_problem(self, tmp_path: Path) -> None:
        path = tmp_path / "trail.jsonl"
        path.write_bytes(b"".join(text_of(each).encode() + b"\n" for each in _WHOLE) + b"\xff\xfe\n")
        assert not verify_file(path, _KEYS).is_whole


class TestKeys:
    def test_a_key_is_taken_as_hex_as_base64_as_pem_and_from_lists(self, tmp_path: Path) -> None:
        pem, listed, printed = tmp_path / "key.pem", tmp_path / "keys.txt", tmp_path / "keys.jsonl"
        pem.write_bytes(_MAKER.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        listed.write_text(f"{'0' * 32} {_MAKER.public.hex()}\n\n{_OTHER.public.hex()}\n")
        printed.write_text(f'{{"id":"x","public_key":"{_MAKER.public.hex()}"}}\n')
        for text in (
            _MAKER.public.hex(),
            base64.b64encode(_MAKER.public).decode(),
            str(pem),
            str(listed),
            str(printed),
        ):
            assert _problems(_WHOLE, keys=PublicKeys.parse([text])) == ""

    def test_what_is_no_key_is_refused_with_its_place(self, tmp_path: Path) -> None:
        wrong = tmp_path / "keys.txt"
        wrong.write_text("abc\n")
        with pytest.raises(ValueError, match="line 1 is not a public key"):
            PublicKeys.parse([str(wrong)])
        with pytest.raises(ValueError, match="neither a key in hex or base64 nor a file"):
            PublicKeys.parse(["nothing"])
        with pytest.raises(ValueError, match="no public key was given"):
            PublicKeys.parse([])

    def test_kept_checkpoints_are_read_from_lines_of_either_form(self, tmp_path: Path) -> None:
        path = tmp_path / "kept.jsonl"
        line = _WHOLE[5]
        proto = {
            "tenant_id": line["tenant_id"],
            "seq": str(line["seq"]),
            "hash": base64.b64encode(bytes.fromhex(line["hash"])).decode(),
            "sign_time": line["signed_at"],
            "key_id": line["key_id"],
            "signature": base64.b64encode(bytes.fromhex(line["signature"])).decode(),
        }
        path.write_text(f"{text_of(line)}\n{text_of(proto)}\n{text_of(_WHOLE[1])}\n", encoding="utf-8")
        found = read_checkpoints(path)
        assert found[0] == found[1]
        assert len(found) == 2

    def test_a_file_without_a_checkpoint_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "kept.jsonl"
        path.write_text("")
        with pytest.raises(ValueError, match="holds no checkpoint"):
            read_checkpoints(path)


def test_a_time_is_read_to_the_microsecond_in_one_form_only() -> None:
    assert lines.micros_of("2000-01-01T00:00:00.000001Z") == 1
    for text in ("2000-01-01 00:00:00.000001Z", "2000-W01-4T00:00:00.000001Z", "2000-01-01T00:00:00.000001+"):
        with pytest.raises(ValueError, match=r"form|Invalid"):
            lines.micros_of(text)


def _record_id() -> UUID:
    return UUID(bytes=hashlib.md5(b"another tenant", usedforsecurity=False).digest())

"""A finding is a value: its code says how bad it is, and many of one code are told by a few that count for all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from billfold.model.finding import (
    MAX_ALIKE,
    MAX_SUBJECTS,
    describe_finding,
    describe_labelled,
    drop_repeated,
    limit_findings,
    make_finding,
)
from billfold.model.finding_codes import CODES_BY_NAME, FindingCode, Severity

CODES = st.sampled_from(list(FindingCode))


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert {code: CODES_BY_NAME[str(code)] for code in FindingCode} == {code: code for code in FindingCode}
    for code in FindingCode:
        assert code.replace("-", "").islower(), code
        assert (code.meaning[-1], code.advice[-1]) == (".", "."), code
        assert code.handling.severity in Severity


@given(st.lists(st.tuples(CODES, st.integers(1, 1000))))
def test_limited_findings_count_for_all(numbered: list[tuple[FindingCode, int]]) -> None:
    """Of each code a few are left, and together they count as many as there were."""
    findings = [make_finding(code, f"number {number}") for code, number in numbered]
    limited = limit_findings(findings)
    for code in FindingCode:
        counts = [finding.count for finding in limited if finding.code is code]
        assert len(counts) <= MAX_ALIKE
        assert sum(counts) == sum(finding.code is code for finding in findings)


@given(st.lists(st.tuples(CODES, st.sampled_from("ABC"), st.integers(1, 1000))))
def test_every_subject_is_named(rows: list[tuple[FindingCode, str, int]]) -> None:
    """However much is found of one subject, what is found of another is told too."""
    findings = [make_finding(code, f"number {number}", subject) for code, subject, number in rows]
    limited = limit_findings(findings)
    for key in {(finding.code, finding.subject) for finding in findings}:
        counts = [finding.count for finding in limited if (finding.code, finding.subject) == key]
        assert len(counts) <= MAX_ALIKE
        assert sum(counts) == sum((finding.code, finding.subject) == key for finding in findings)


def test_so_many_subjects_are_counted_by_the_last() -> None:
    """Of a vendor that contradicts itself everywhere, no more is kept than anybody reads."""
    limited = limit_findings([make_finding(FindingCode.HISTORY_MISMATCH, "x", str(number)) for number in range(5000)])
    assert len(limited) == MAX_SUBJECTS
    assert sum(finding.count for finding in limited) == 5000


def test_a_sentence_names_subject_count_and_label() -> None:
    finding = make_finding(FindingCode.TOTAL_MISMATCH, "its charges sum to 1", "INV-1", sum="1")
    assert describe_finding(finding) == "INV-1: its charges sum to 1"
    assert describe_labelled(finding) == "parked: INV-1: its charges sum to 1"
    (*_, last) = limit_findings([make_finding(FindingCode.LINE_REPEATED, "line 1 is listed twice")] * 5)
    assert describe_finding(last) == "line 1 is listed twice (and 2 more like this)"


def test_what_is_said_twice_is_kept_once() -> None:
    first, other = make_finding(FindingCode.ROUNDED, "x"), make_finding(FindingCode.ROUNDED, "x", "INV-2")
    assert drop_repeated([first, other, first]) == [first, other]


def test_what_is_not_known_is_no_data() -> None:
    assert make_finding(FindingCode.ROUNDED, "x", stated=None, sum=1).data == {"sum": "1"}

"""Some of the fuzz, always the same: no answer that a vendor can give breaks a collection, or makes a total of its own."""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz.fuzz import record_world, run_seed
from tests.fuzz.mutate import Mutation, change_tree
from tests.fuzz.oracle import find_faults
from tests.fuzz.play import play_collection
from tests.fuzz.statements import Statements
from tests.fuzz.vendors import PROVIDERS, list_worlds

RUNS = {"cockroach": 80, "fastly": 320, "genesys": 180, "vultr": 720}
"""Seeds of each vendor: about 15 seconds of the processor each."""
BATCHES = 4


@pytest.mark.parametrize("batch", range(BATCHES))
@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_changed_answer_is_counted_wrongly(provider: str, batch: int) -> None:
    """No changed answer is a traceback, endless, or a trusted total that the vendor did not state."""
    first_seed, run_count = batch * 1_000_000, RUNS[provider] // BATCHES
    results = {seed: run_seed(provider, seed) for seed in range(first_seed, first_seed + run_count)}
    commands = {
        f"python -m tests.fuzz --provider {provider} --seed {seed} --runs 1": result.faults
        for seed, result in results.items()
        if result.faults
    }
    assert commands == {}
    assert sum(result.mutated_answers for result in results.values()) > run_count // 2
    assert sum(result.trusted_bills for result in results.values()) > run_count // 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_oracle_sees_what_was_not_stated(provider: str) -> None:
    """A bill whose total no answer states is named, and so is one whose charges do not come to it."""
    clean = record_world(list_worlds(provider)[0])
    bills = [key for key, trusted in clean.played.trusted_bills.items() if trusted.bill.invoice_id]
    faults = list(find_faults(clean.played, Statements([], frozenset()), {}))
    assert len([fault for fault in faults if "nobody states" in fault]) == len(bills) > 0
    trusted = clean.played.trusted_bills[bills[0]]
    wrong = {bills[0]: trusted._replace(rows=trusted.rows[1:])}
    assert any(
        "its charges come to" in fault
        for fault in find_faults(clean.played._replace(trusted_bills=wrong), Statements([], frozenset()), {})
    )


def test_a_seed_changes_the_same_answers() -> None:
    """A seed changes the same answers in the same way, in whichever order they are asked for."""
    clean = record_world(list_worlds("vultr")[0])
    mutations = [Mutation("vultr/7", clean.vendor.responses) for _ in range(2)]
    bodies = [
        [mutation.change_response(key, clean.vendor.responses[key]) for key in keys]
        for mutation, keys in zip(
            mutations, (list(clean.vendor.responses), list(clean.vendor.responses)[::-1]), strict=True
        )
    ]
    assert bodies[0] == bodies[1][::-1]
    played = [play_collection(clean.vendor, mutation.change_response).archive.bodies for mutation in mutations]
    assert played[0] == played[1]


def test_a_seed_is_the_same_after_others() -> None:
    """What a seed makes of an answer depends on no seed before it: no value is shared between them."""
    body = b'{"invoices": [{"id": "7", "lines": [{"total": 5.50, "tags": []}, {"total": 7.00, "tags": [{}]}]}]}'
    first_bodies, second_bodies = ([change_tree(Random(seed), body, 6) for seed in range(300)] for _ in range(2))
    assert first_bodies == second_bodies
    assert max(map(len, first_bodies)) < 1_000_000


def test_changes_reach_every_kind_of_field() -> None:
    """Among a few hundred changes of one small answer are lost and doubled lines, other money, keys that stand twice."""
    body = b'{"id": 7, "amount": 12.50, "currency": "USD", "date": "2026-10-01", "lines": [{"total": 5.50}, {"total": 7.00}]}'
    changed_bodies = {change_tree(Random(seed), body, 1) for seed in range(600)}
    assert len(changed_bodies) > 200
    for text in (
        b'"lines":[{"total":5.50}]',
        b'"total":7.00},{"total":7.00}',
        b'"amount":25.00',
        b'"currency":"EUR"',
        b"1e999",
    ):
        assert any(text in changed_body for changed_body in changed_bodies), text
    assert any(changed_body.count(b'"amount"') == 2 for changed_body in changed_bodies)

"""Buckets of tokens: so many at once, one more with time, and each name for itself."""

from __future__ import annotations

from billfold.serve.rates import MAX_BUCKETS, RateLimit, TokenBuckets


def test_a_bucket_is_emptied_and_fills_again() -> None:
    now = [0.0]
    buckets = TokenBuckets(RateLimit(3, 10), lambda: now[0])
    assert [buckets.take_token("a") for _ in range(5)] == [0, 0, 0, 10, 10]
    assert buckets.take_token("b") == 0
    now[0] = 4.0
    assert buckets.measure_wait("a") == buckets.take_token("a") == 6
    now[0] = 10.0
    assert [buckets.measure_wait("a"), buckets.take_token("a"), buckets.take_token("a")] == [0, 0, 10]
    now[0] = 1e6
    assert [buckets.take_token("a") for _ in range(4)] == [0, 0, 0, 10]


def test_buckets_are_not_more_than_they_may_be() -> None:
    buckets = TokenBuckets(RateLimit(1, 1000), lambda: 0.0)
    for number in range(MAX_BUCKETS + 5):
        buckets.take_token(str(number))
    assert len(buckets._buckets) == MAX_BUCKETS
    assert buckets.take_token(str(MAX_BUCKETS + 4)) > 0
